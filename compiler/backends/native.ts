/**
 * Runs bundles in this process as native code: emitted as C++ or CUDA, compiled by the compiler of the machine, loaded through koffi.
 *
 * Define-by-run makes many tiny programs, so bundles that come together are compiled as one translation unit, each is remembered on disk
 * by its own content, and the same bundle is loaded once. Memory of an instance is freed when nothing refers to it any more. Node only;
 * nothing is loaded before the first use.
 */

import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { type Bindings, evaluateDim, evaluateShape, printDim, type Shape } from "../../ir/dim.ts";
import { dtypes, type TypedArray } from "../../ir/dtype.ts";
import { CompilerBug, ModelError, Unsupported } from "../../ir/errors.ts";
import { type NDArray, ndarray, zeros } from "../../ir/ndarray.ts";
import { type Bundle, type Field, launchesOf } from "../../ir/program.ts";
import { cpp, type NativeCode } from "../../targets/cpp/cpp.ts";
import {
  type Entry,
  type Interface,
  STATUS,
  weightsBytesOf,
  weightsFileOf,
} from "../../targets/cpp/interface.ts";
import { cuda } from "../../targets/cuda/cuda.ts";
import {
  type Effort,
  NativeCompiler,
  type NativeOptions,
  type NativeSource,
  type NativeTarget,
} from "./native-compiler.ts";

type Koffi = typeof import("koffi");
type Library = ReturnType<Koffi["load"]>;
type NativeFunction = (...args: readonly unknown[]) => unknown;

/** Compiles and loads bundles; keeps what it loaded. */
export class NativeLoader {
  readonly #options: NativeOptions;
  readonly #compiler: NativeCompiler;
  readonly #libraries = new Map<string, Library>();
  readonly #instances = new FinalizationRegistry<() => void>((destroy) => destroy());
  #koffi: Koffi | undefined;

  constructor(options: NativeOptions) {
    this.#options = options;
    this.#compiler = new NativeCompiler(options);
  }

  /**
   * One instance per bundle, with the bundle's weights and state. What no library on disk holds yet is compiled, together. Throws
   * Unsupported without a compiler or koffi.
   */
  load(bundles: readonly Bundle[]): NativeModel[] {
    const units = bundles.map((bundle) => this.#emit(bundle));
    const missing = [...new Map(units.map((unit) => [unit.key, unit])).values()].filter(
      ({ key }) => this.#compiler.recorded(key) === undefined,
    );
    for (const effort of ["quick", "full"] as const) {
      const group = missing.filter(({ source }) => source.effort === effort);
      if (group.length > 0) this.#compile(group, effort);
    }
    return units.map((unit) => this.#instance(unit));
  }

  /** Emits under a name made of the content, so that bundles of any names fit into one library. */
  #emit(bundle: Bundle): Unit {
    const target = this.#options.target === "cpp" ? cpp : cuda;
    const effort = this.#options.effort ?? effortFor(bundle);
    const { source } = sourceOf(target.emit({ ...bundle, name: "model" }), effort);
    const hash = createHash("sha256").update(source).digest("hex").slice(0, 16);
    const named = { ...bundle, name: `m${hash}` };
    const code = target.emit(named);
    const unit = sourceOf(code, effort);
    return { bundle: named, api: code.api, source: unit, key: this.#compiler.keyOf(unit) };
  }

  /** All in one library; each unit is recorded with it. */
  #compile(units: readonly Unit[], effort: Effort): void {
    const path = this.#compiler.library({
      header: units.map(({ source }) => source.header).join("\n"),
      source: units.map(({ source }) => source.source).join("\n"),
      effort,
    });
    for (const { key } of units) this.#compiler.record(key, path);
  }

  #instance({ bundle, api, key }: Unit): NativeModel {
    const path = this.#compiler.recorded(key);
    if (path === undefined) throw new CompilerBug("native", `no library for ${key}`);
    const library = this.#libraries.get(path) ?? this.#loadKoffi().load(path);
    this.#libraries.set(path, library);
    const model = new NativeModel(this.#options.target, bundle, api, library);
    this.#instances.register(model, model.destructor());
    return model;
  }

  #loadKoffi(): Koffi {
    if (this.#koffi !== undefined) return this.#koffi;
    try {
      this.#koffi = createRequire(import.meta.url)("koffi") as Koffi;
    } catch {
      throw new Unsupported(this.#options.target, "running in this process without koffi", {
        hint: "Install it beside keratin: npm install koffi",
      });
    }
    return this.#koffi;
  }
}

interface Unit {
  readonly bundle: Bundle;
  readonly api: Interface;
  readonly source: NativeSource;
  readonly key: string;
}

/** A bundle of a launch or two is an operation by itself, which may run once. */
const effortFor = ({ programs }: Bundle): Effort =>
  programs.flatMap(({ steps }) => launchesOf(steps)).length <= 2 ? "quick" : "full";

function sourceOf({ files }: NativeCode, effort: Effort): NativeSource {
  const text = (path: RegExp): string => {
    const contents = files.find((file) => path.test(file.path))?.contents;
    if (typeof contents !== "string") throw new CompilerBug("native", `the emitter wrote no ${path.source}`);
    return contents;
  };
  return { header: text(/^model\.h$/), source: text(/^model\.(cpp|cu)$/), effort };
}

/** An instance of a bundle: its own weights, state and scratch memory. Calls block. */
export class NativeModel {
  readonly #target: NativeTarget;
  readonly #bundle: Bundle;
  readonly #api: Interface;
  readonly #library: Library;
  readonly #functions = new Map<string, NativeFunction>();
  readonly #handle: unknown;

  constructor(target: NativeTarget, bundle: Bundle, api: Interface, library: Library) {
    this.#target = target;
    this.#bundle = bundle;
    this.#api = api;
    this.#library = library;
    const slot = new BigUint64Array(1);
    const weights = weightsBytesOf(bundle);
    this.#run("create_from_memory", ["void *", "size_t", "void *"], [weights, weights.length, slot]);
    this.#handle = slot[0];
  }

  /** Runs a program on arrays, in order. The sizes come from the inputs' shapes. Throws ModelError where they disagree. */
  call(name: string, inputs: readonly NDArray[]): readonly NDArray[] {
    const { program } = this.#entry(name);
    const sizes = sizesOf(
      program.inputs.map(({ shape }) => shape),
      inputs.map(({ shape }) => shape),
    );
    const outputs = program.outputs.map(({ dtype, shape }) => zeros(dtype, evaluateShape(shape, sizes)));
    this.callInto(
      name,
      sizes,
      inputs.map((input, at) => exactData(input, program.inputs[at].dtype)),
      outputs.map(({ data }) => data),
    );
    return outputs;
  }

  /** The same on bare data, for given sizes, into the caller's arrays. Lengths are the caller's care. */
  callInto(
    name: string,
    sizes: Bindings,
    inputs: readonly TypedArray[],
    outputs: readonly TypedArray[],
  ): void {
    const { program, method } = this.#entry(name);
    const tensors = [...inputs, ...outputs];
    const types = [...program.symbols.map(() => "int64_t"), ...tensors.map(() => "void *")];
    const values = program.symbols.map((symbol) =>
      evaluateDim({ terms: [{ coefficient: 1, symbols: [symbol] }] }, sizes),
    );
    // An empty array has no address.
    const pointers = tensors.map((data) => (data.length === 0 ? new Uint8Array(1) : data));
    this.#run(method, ["void *", ...types], [this.#handle, ...values, ...pointers]);
  }

  /** The present value of a named weight or state. */
  read(path: string): NDArray {
    const { field, offset } = this.#field(path);
    const array = zeros(field.dtype, evaluateShape(field.shape, new Map()));
    this.#access("get_weights", offset, array.data);
    return array;
  }

  /** Replaces a named weight or state: same dtype, same number of elements. */
  write(path: string, value: NDArray): void {
    const { field, offset } = this.#field(path);
    const shape = evaluateShape(field.shape, new Map());
    this.#access("set_weights", offset, exactData(ndarray(field.dtype, shape, value.data), field.dtype));
  }

  /** Frees the instance; refers to nothing that would keep it alive. */
  destructor(): () => void {
    const destroy: NativeFunction = this.#function("destroy", "void", ["void *"]);
    const handle = this.#handle;
    return () => void destroy(handle);
  }

  #access(method: string, offset: number, data: TypedArray): void {
    if (data.length === 0) return;
    const types = ["void *", "size_t", "void *", "size_t"];
    this.#run(method, types, [this.#handle, offset, data, data.byteLength]);
  }

  #field(path: string): { readonly field: Field; readonly offset: number } {
    const { weights, state } = this.#bundle;
    const find = (fields: readonly Field[]): Field | undefined => fields.find(({ name }) => name === path);
    const weight = find(weights.fields);
    if (weight !== undefined) return { field: weight, offset: weight.offset };
    const field = find(state.fields);
    if (field === undefined) throw new ModelError("no such weight or state", { got: path });
    return { field, offset: weightsFileOf(this.#bundle).stateOffset + field.offset };
  }

  #entry(name: string): Entry {
    const entry = this.#api.entries.find(({ program }) => program.name === name);
    if (entry === undefined) throw new ModelError("no such function", { got: name });
    return entry;
  }

  #run(method: string, types: readonly string[], args: readonly unknown[]): void {
    const status = this.#function(method, "int", types)(...args);
    if (status === 0) return;
    const message = String(this.#function("error_message", "str", [])());
    if (status === STATUS.indexOf("INVALID_ARGUMENT")) throw new ModelError(message);
    throw new Unsupported(this.#target, "this call on this machine", { got: message });
  }

  #function(method: string, result: string, types: readonly string[]): NativeFunction {
    const known = this.#functions.get(method);
    if (known !== undefined) return known;
    const declared: NativeFunction = this.#library.func(`${this.#api.prefix}_${method}`, result, [...types]);
    this.#functions.set(method, declared);
    return declared;
  }
}

/** The values of the symbols for which `shapes` become `actual`. Throws ModelError where there are none. */
export function sizesOf(shapes: readonly Shape[], actual: readonly (readonly number[])[]): Bindings {
  const sizes = new Map<string, number>();
  const mismatch = (): ModelError =>
    new ModelError("input shapes do not fit", {
      expected: shapes.map((shape) => `[${shape.map(printDim).join(", ")}]`).join(", "),
      got: actual.map((shape) => `[${shape.join(", ")}]`).join(", "),
    });
  if (shapes.length !== actual.length || shapes.some((shape, at) => shape.length !== actual[at].length))
    throw mismatch();
  shapes.forEach((shape, at) => {
    shape.forEach((dim, axis) => {
      if (typeof dim === "number" || dim.terms.length !== 1 || dim.terms[0].symbols.length !== 1) return;
      const { coefficient, symbols } = dim.terms[0];
      if (!sizes.has(symbols[0])) sizes.set(symbols[0], actual[at][axis] / coefficient);
    });
  });
  const fits = shapes.every((shape, at) =>
    shape.every((dim, axis) => evaluateDim(dim, sizes) === actual[at][axis]),
  );
  if (!fits || [...sizes.values()].some((size) => !Number.isInteger(size))) throw mismatch();
  return sizes;
}

/** The elements in the typed array that `dtype` is stored in: a wide evaluation holds f32 in doubles. */
function exactData({ data, dtype: given }: NDArray, dtype: NDArray["dtype"]): TypedArray {
  if (given !== dtype)
    throw new ModelError("an array has the wrong element type", { expected: dtype, got: given });
  const exact = dtypes[dtype].allocate(data.length);
  if (data.constructor === exact.constructor) return data;
  for (let i = 0; i < data.length; i++) exact[i] = data[i];
  return exact;
}
