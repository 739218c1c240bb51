/**
 * Programs as text: the kernels they launch, then the interface, the slots, and the steps.
 *
 *     program predict {
 *       input x: f32[n, 8]
 *       output y: f32[n, 4]
 *       arena 64*n
 *       slot x: f32[8*n] in input 0
 *       slot y: f32[4*n] in output 0
 *       slot w: f32[32] in weights at 128
 *       chunks c of n by 16 {
 *         launch dense[c](x + 8, w, y + 4)
 *       }
 *     }
 *
 * Other steps with steps inside are `for t of 128 backwards { }`, `test { } while cond { }` and `if cond { } else { }`.
 *
 * `x + 8` begins 8 elements further for each sample before the chunk. `parseProgram` reads back what `printProgram` writes; printing that
 * again gives the same text.
 */
import { type Dim, printDim, symbolsOf } from "../dim.ts";
import { type DType, dtypeNames } from "../dtype.ts";
import type { Kernel } from "../kernel.ts";
import {
  type Binding,
  launchesOf,
  type Port,
  type Program,
  type Region,
  type Slot,
  type Step,
  slotsOf,
} from "../program.ts";
import { readDim, readKernel, readName } from "./kernel-parse.ts";
import { isIdentifier, printKernel, uniqueName } from "./kernel-print.ts";
import { quote, Reader } from "./reader.ts";

const printName = (name: string): string => (isIdentifier(name) ? name : quote(name));

/** A name for each item, its own unless that is taken. */
function uniqueNames<T extends { readonly name: string }>(items: Iterable<T>): ReadonlyMap<T, string> {
  const names = new Map<T, string>();
  const taken = new Set<string>();
  for (const item of items) {
    if (names.has(item)) continue;
    const name = uniqueName(item.name, taken);
    taken.add(name);
    names.set(item, name);
  }
  return names;
}

export function printProgram(program: Program): string {
  const kernels = uniqueNames(launchesOf(program.steps).map(({ kernel }) => kernel));
  const slots = uniqueNames(slotsOf(program.steps));
  const port = ({ name, dtype, shape }: Port): string =>
    `${printName(name)}: ${dtype}[${shape.map(printDim).join(", ")}]`;
  const lines = [
    ...program.inputs.map((input) => `input ${port(input)}`),
    ...program.outputs.map((output) => `output ${port(output)}`),
    `arena ${printDim(program.arenaBytes)}`,
    ...[...slots].map(([slot, name]) => `slot ${printSlot(slot, name)}`),
    ...program.steps.flatMap((step) => printStep(step, kernels, slots)),
  ];
  const texts = [...kernels].map(([kernel, name]) => `${printKernel({ ...kernel, name })}\n`);
  return `${texts.join("")}program ${printName(program.name)} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

function printSlot({ dtype, size, region, offset }: Slot, name: string): string {
  const where = "index" in region ? `${region.kind} ${region.index}` : region.kind;
  return `${printName(name)}: ${dtype}[${printDim(size)}] in ${where}${offset === 0 ? "" : ` at ${printDim(offset)}`}`;
}

function printStep(
  step: Step,
  kernels: ReadonlyMap<Kernel, string>,
  slots: ReadonlyMap<Slot, string>,
): string[] {
  const slotName = (slot: Slot): string => printName(slots.get(slot) ?? slot.name);
  const binding = ({ slot, advance }: Binding): string =>
    `${slotName(slot)}${advance === 0 ? "" : ` + ${advance}`}`;
  const indented = (body: readonly Step[]): string[] =>
    body.flatMap((inner) => printStep(inner, kernels, slots)).map((line) => `  ${line}`);
  switch (step.kind) {
    case "launch": {
      const dims = step.dims.length > 0 ? `[${step.dims.map(printDim).join(", ")}]` : "";
      const name = printName(kernels.get(step.kernel) ?? step.kernel.name);
      return [`launch ${name}${dims}(${step.args.map(binding).join(", ")})`];
    }
    case "clear":
      return [`clear ${slotName(step.slot)}`];
    case "copy":
      return [`copy ${printDim(step.size)} from ${binding(step.from)} to ${binding(step.to)}`];
    case "chunks": {
      const head = `chunks ${step.symbol} of ${printDim(step.total)} by ${step.size} {`;
      return [head, ...indented(step.body), "}"];
    }
    case "for":
      return [
        `for ${step.symbol} of ${printDim(step.extent)}${step.reverse ? " backwards" : ""} {`,
        ...indented(step.body),
        "}",
      ];
    case "while":
      return [
        "test {",
        ...indented(step.test),
        `} while ${slotName(step.cond)} {`,
        ...indented(step.body),
        "}",
      ];
    case "if":
      return [
        `if ${slotName(step.cond)} {`,
        ...indented(step.then),
        "} else {",
        ...indented(step.otherwise),
        "}",
      ];
    default:
      return step satisfies never;
  }
}

/** Reads the kernels and the program; throws ModelError with line and column. The program's symbols are those of its inputs. */
export function parseProgram(text: string): Program {
  const reader = new Reader(text);
  const kernels = new Map<string, Kernel>();
  while (reader.sees("kernel")) {
    const at = reader.at;
    const kernel = readKernel(reader);
    if (kernels.has(kernel.name)) reader.problem(`kernel ${kernel.name} is defined already`, at);
    kernels.set(kernel.name, kernel);
  }
  reader.need("program");
  const name = readName(reader, "the program's name");
  reader.need("{");
  const inputs = readPorts(reader, "input");
  const outputs = readPorts(reader, "output");
  reader.need("arena");
  const arenaBytes = readDim(reader);
  const slots = readSlots(reader);
  const steps = readBody(reader, { kernels, slots });
  if (!reader.isAtEnd) reader.fail("the end of the text");
  const symbols = symbolsOf(inputs.flatMap(({ shape }) => shape)).sort();
  return { name, symbols, inputs, outputs, arenaBytes, steps };
}

function readPorts(reader: Reader, keyword: string): Port[] {
  const ports: Port[] = [];
  while (reader.take(keyword)) {
    const name = readName(reader, "a name");
    const { dtype, shape } = readType(reader);
    ports.push({ name, dtype, shape });
  }
  return ports;
}

/** `: f32[n, 8]`. */
function readType(reader: Reader): { readonly dtype: DType; readonly shape: readonly Dim[] } {
  reader.need(":");
  const dtype = dtypeNames.find((candidate) => reader.take(candidate)) ?? reader.fail("a dtype");
  reader.need("[");
  return { dtype, shape: reader.list("]", () => readDim(reader)) };
}

function readSlots(reader: Reader): ReadonlyMap<string, Slot> {
  const slots = new Map<string, Slot>();
  while (reader.take("slot")) {
    const at = reader.at;
    const name = readName(reader, "a slot's name");
    if (slots.has(name)) reader.problem(`slot ${name} is defined already`, at);
    const { dtype, shape } = readType(reader);
    if (shape.length !== 1) reader.problem("a slot has one size", at);
    reader.need("in");
    const region = readRegion(reader);
    const offset = reader.take("at") ? readDim(reader) : 0;
    slots.set(name, { name, dtype, size: shape[0], region, offset });
  }
  return slots;
}

function readRegion(reader: Reader): Region {
  const plain = (["weights", "state", "arena"] as const).find((kind) => reader.take(kind));
  if (plain !== undefined) return { kind: plain };
  const kind =
    (["input", "output"] as const).find((candidate) => reader.take(candidate)) ?? reader.fail("a region");
  return { kind, index: reader.integer("the number of a port") };
}

/** What the names in steps stand for. */
interface Names {
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly slots: ReadonlyMap<string, Slot>;
}

/** Steps in braces. */
function readSteps(reader: Reader, names: Names): Step[] {
  reader.need("{");
  return readBody(reader, names);
}

/** Steps up to the closing brace. */
function readBody(reader: Reader, names: Names): Step[] {
  return reader.nested(() => {
    const steps: Step[] = [];
    while (!reader.take("}")) steps.push(readStep(reader, names));
    return steps;
  });
}

function readStep(reader: Reader, names: Names): Step {
  const slot = (): Slot => known(reader, names.slots, "slot");
  if (reader.take("launch")) return readLaunch(reader, names);
  if (reader.take("clear")) return { kind: "clear", slot: slot() };
  if (reader.take("copy")) {
    const size = readSize(reader, "from");
    const from = readBinding(reader, names);
    reader.need("to");
    return { kind: "copy", size, from, to: readBinding(reader, names) };
  }
  if (reader.take("chunks")) {
    const symbol = reader.identifier("a symbol");
    reader.need("of");
    const total = readSize(reader, "by");
    const size = reader.integer("the size of a chunk");
    return { kind: "chunks", symbol, total, size, body: readSteps(reader, names) };
  }
  if (reader.take("for")) {
    const symbol = reader.identifier("a symbol");
    reader.need("of");
    const extent = readDim(reader);
    const reverse = reader.take("backwards");
    return { kind: "for", symbol, extent, reverse, body: readSteps(reader, names) };
  }
  if (reader.take("test")) {
    const test = readSteps(reader, names);
    reader.need("while");
    return { kind: "while", test, cond: slot(), body: readSteps(reader, names) };
  }
  if (!reader.take("if")) return reader.fail("a step: launch, clear, copy, chunks, for, test or if");
  const cond = slot();
  const then = readSteps(reader, names);
  reader.need("else");
  return { kind: "if", cond, then, otherwise: readSteps(reader, names) };
}

function readLaunch(reader: Reader, names: Names): Step {
  const kernel = known(reader, names.kernels, "kernel");
  const dims = reader.take("[") ? reader.list("]", () => readDim(reader)) : [];
  reader.need("(");
  return { kind: "launch", kernel, dims, args: reader.list(")", () => readBinding(reader, names)) };
}

function readBinding(reader: Reader, { slots }: Names): Binding {
  return { slot: known(reader, slots, "slot"), advance: reader.take("+") ? reader.integer() : 0 };
}

/** A dimension and the word behind it. */
function readSize(reader: Reader, word: string): Dim {
  const size = readDim(reader);
  reader.need(word);
  return size;
}

function known<T>(reader: Reader, items: ReadonlyMap<string, T>, what: string): T {
  const at = reader.at;
  const name = readName(reader, `a ${what}'s name`);
  return items.get(name) ?? reader.problem(`unknown ${what} ${name}`, at);
}
