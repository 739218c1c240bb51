/**
 * `model.d.ts`: the types of an artifact's methods, with the names, element types and literal shapes of its inputs and outputs, so that
 * the consumer's tsc refuses what the loader would. Needs no other package, WebGPU's types included.
 */
import type {
  InterfaceDeclarationStructure,
  MethodSignatureStructure,
  OptionalKind,
  PropertySignatureStructure,
} from "ts-morph";
import { printDim } from "../../ir/dim.ts";
import type { Bundle, Port, Program } from "../../ir/program.ts";
import { typedArrays } from "../../runtime/manifest.ts";
import type { DeclarationFile } from "./declaration-printer.ts";

export type ScriptTarget = "wasm" | "wgsl";

/** Describes the declarations; a `DeclarationPrinter` prints them. */
export function declarations(bundle: Bundle, target: ScriptTarget): DeclarationFile {
  const [predict, train] = ["predict", "train_step"].map((name) =>
    bundle.programs.find((program) => program.name === name),
  );
  const entries = [predict, train].flatMap((program) => program ?? []);
  return {
    head: `// ${commentText(bundle.name)}, compiled by keratin. Do not edit.\n\n`,
    aliases,
    interfaces: [
      ...entries.flatMap(portInterfaces),
      ...(predict === undefined ? [] : [callOptions(predict)]),
      ...(train === undefined ? [] : [namedTensor]),
      loadOptions(target),
      modelInterface(bundle, target, predict, train),
    ],
    functions: [
      {
        name: "load",
        isExported: true,
        hasDeclareKeyword: true,
        docs: [loadDoc[target]],
        parameters: [{ name: "options", hasQuestionToken: true, type: "LoadOptions" }],
        returnType: "Promise<Model>",
      },
    ],
  };
}

const aliases = [
  {
    name: "Tensor",
    isExported: true,
    docs: ["A flat, row-major array, whose length tells the batch; or one with its shape, which is checked."],
    typeParameters: ["Data", { name: "Shape", constraint: "readonly number[]" }],
    type: "Data | { readonly data: Data; readonly shape: Shape }",
  },
  {
    name: "Source",
    isExported: true,
    docs: ["Bytes, or where they are. A relative address is relative to model.js."],
    type: "ArrayBuffer | Uint8Array | URL | string",
  },
];

/** Keeps a name from ending the comment it is in. */
export const commentText = (text: string): string =>
  text.replace(/\*\//g, "*\\/").replace(/[\r\n\u2028\u2029]/g, " ");
const describe = ({ dtype, shape }: Port): string => `${dtype}[${shape.map(printDim).join(", ")}]`;
const propertyName = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);

function arrayType({ dtype }: Port): string {
  const { name } = typedArrays[dtype];
  return dtype === "u8" ? `${name} | Uint8ClampedArray` : name;
}
const resultType = ({ dtype }: Port): string => typedArrays[dtype].name;
/** Symbolic dimensions are numbers, the others themselves. */
const shapeType = ({ shape }: Port): string =>
  `readonly [${shape.map((dim) => (typeof dim === "number" ? String(dim) : "number")).join(", ")}]`;
const tensorType = (port: Port): string => `Tensor<${arrayType(port)}, ${shapeType(port)}>`;

const titleOf = ({ name }: Program): string => (name === "predict" ? "Predict" : "Train");

function portInterfaces(program: Program): OptionalKind<InterfaceDeclarationStructure>[] {
  const property = (port: Port, type: string): OptionalKind<PropertySignatureStructure> => ({
    name: propertyName(port.name),
    isReadonly: true,
    type,
    docs: [describe(port)],
  });
  const title = titleOf(program);
  // Numbers come out of a training step; nobody wants arrays of one element there.
  const outputType = (port: Port): string =>
    title === "Train" && port.shape.length === 0 ? "number" : resultType(port);
  const outputs = {
    name: `${title}Outputs`,
    isExported: true,
    docs: [title === "Predict" ? "Fresh arrays, or those given as `out`." : "What a training step reports."],
    properties: program.outputs.map((port) => property(port, outputType(port))),
  };
  if (title === "Train") return [outputs];
  const properties = program.inputs.map((port) => property(port, tensorType(port)));
  return [{ name: `${title}Inputs`, isExported: true, properties }, outputs];
}

function callOptions({ outputs }: Program): OptionalKind<InterfaceDeclarationStructure> {
  const alone = outputs.length === 1 ? ` | ${resultType(outputs[0])}` : "";
  return {
    name: "CallOptions",
    isExported: true,
    properties: [
      {
        name: "out",
        isReadonly: true,
        hasQuestionToken: true,
        type: `Partial<PredictOutputs>${alone}`,
        docs: ["Arrays that results are written to: nothing is allocated then."],
      },
    ],
  };
}

const namedTensor: OptionalKind<InterfaceDeclarationStructure> = {
  name: "NamedTensor",
  isExported: true,
  docs: ["A weight or a state as it is now: a copy."],
  properties: [
    { name: "name", isReadonly: true, type: "string" },
    { name: "shape", isReadonly: true, type: "readonly number[]" },
    { name: "data", isReadonly: true, type: "ArrayBufferView" },
  ],
};

function loadOptions(target: ScriptTarget): OptionalKind<InterfaceDeclarationStructure> {
  const option = (name: string, type: string, doc: string): OptionalKind<PropertySignatureStructure> => ({
    name,
    isReadonly: true,
    hasQuestionToken: true,
    type,
    docs: [doc],
  });
  const global = (name: string): string =>
    `typeof globalThis extends { ${name}: { prototype: infer T } } ? T : object`;
  const own =
    target === "wasm"
      ? [
          option("wasm", "Source | WebAssembly.Module", "Instead of model.wasm beside model.js."),
          option(
            "threads",
            "number",
            "How many threads take part in a call: 1 unless given, and where memory cannot be shared (a page without COOP and COEP headers).",
          ),
        ]
      : [
          option("shaders", "Source", "Instead of model.wgsl beside model.js."),
          option("device", global("GPUDevice"), "Where to run. It stays the caller's."),
          option(
            "adapter",
            global("GPUAdapter"),
            "What to take a device from: in Node, of the package webgpu.",
          ),
        ];
  const weights = option("weights", "Source", "Instead of weights.bin beside model.js.");
  return { name: "LoadOptions", isExported: true, properties: [weights, ...own] };
}

const loadDoc: { readonly [T in ScriptTarget]: string } = {
  wasm: "Makes an instance. Rejects when a file cannot be loaded or does not fit.",
  wgsl: "Makes an instance: compiles the shaders and uploads the weights. Rejects where there is no WebGPU.",
};

const signature = ({ inputs, outputs }: Program): string =>
  `${inputs.map((port) => `${port.name} ${describe(port)}`).join(", ")} -> ${outputs.map((port) => `${port.name} ${describe(port)}`).join(", ")}`;

function modelInterface(
  { name }: Bundle,
  target: ScriptTarget,
  predict: Program | undefined,
  train: Program | undefined,
): OptionalKind<InterfaceDeclarationStructure> {
  const later = (type: string): string => (target === "wgsl" ? `Promise<${type}>` : type);
  const methods: OptionalKind<MethodSignatureStructure>[] = [];
  if (predict !== undefined) methods.push(predictMethod(predict, later));
  if (train !== undefined) methods.push(...trainMethods(train, target, later));
  methods.push({
    name: "destroy",
    returnType: "void",
    docs: [
      target === "wgsl" ? "Frees the model's buffers, not the device." : "Ends the model's further threads.",
    ],
  });
  return {
    name: "Model",
    isExported: true,
    docs: [`An instance of ${commentText(name)}. Instances are independent.`],
    methods,
  };
}

function predictMethod(
  program: Program,
  later: (type: string) => string,
): OptionalKind<MethodSignatureStructure> {
  const alone =
    program.inputs.length === 1 ? ` | PredictInputs[${JSON.stringify(program.inputs[0].name)}]` : "";
  return {
    name: "predict",
    docs: [
      `${commentText(signature(program))}\n\nThrows an Error, with expected and got, when an input does not fit.`,
    ],
    parameters: [
      { name: "inputs", type: `PredictInputs${alone}` },
      { name: "options", hasQuestionToken: true, type: "CallOptions" },
    ],
    returnType: later("PredictOutputs"),
  };
}

function trainMethods(
  program: Program,
  target: ScriptTarget,
  later: (type: string) => string,
): OptionalKind<MethodSignatureStructure>[] {
  const taken = new Set<string>();
  const parameter = ({ name }: Port, i: number): string => {
    const clean = /^[A-Za-z_$][\w$]*$/.test(name) && !taken.has(name) ? name : `input${i}`;
    taken.add(clean);
    return clean;
  };
  return [
    {
      name: "trainStep",
      docs: [`One step of the optimizer: ${commentText(signature(program))}`],
      parameters: program.inputs.map((port, i) => ({ name: parameter(port, i), type: tensorType(port) })),
      returnType: "Promise<TrainOutputs>",
    },
    {
      name: "getState",
      returnType: later("Uint8Array"),
      docs: ["A copy of weights and optimizer state, for setState."],
    },
    {
      name: "setState",
      parameters: [{ name: "bytes", type: "ArrayBuffer | Uint8Array" }],
      returnType: target === "wgsl" ? "Promise<void>" : "void",
      docs: ["Puts back what getState gave."],
    },
    {
      name: "exportWeights",
      returnType: later("NamedTensor[]"),
      docs: ["Copies of all weights and states, by name."],
    },
  ];
}
