/**
 * The C interface of a bundle: which functions there are, and every identifier in them. C++ and CUDA artifacts share it, and whoever
 * loads a compiled artifact reads it instead of parsing the header.
 *
 * All symbols that a linker sees begin with the bundle's name, so that two models live in one program.
 */

import { printDim } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import type { Bundle, Port, Program } from "../../ir/program.ts";
import { interfaceType } from "../clike/c-dialect.ts";
import { cReserved } from "../clike/c-reserved.ts";
import { commentText } from "../clike/code.ts";
import { identifier, Names } from "../clike/names.ts";

/** A tensor argument of an entry: a pointer. */
export interface Parameter {
  readonly name: string;
  /** The C type of one element. */
  readonly type: string;
  readonly port: Port;
}

/** One program of the bundle: `int NAME_predict(NAME_model*, int64_t n, const float* x, ..., float* y, ...)`. */
export interface Entry {
  readonly program: Program;
  /** The function's name without the prefix, and with it. */
  readonly method: string;
  readonly symbol: string;
  /** Identifiers of `program.symbols`: parameters of type int64_t. */
  readonly sizes: readonly string[];
  readonly inputs: readonly Parameter[];
  readonly outputs: readonly Parameter[];
}

export interface Interface {
  /** In front of every external symbol. */
  readonly prefix: string;
  /** In front of every macro. */
  readonly macro: string;
  readonly entries: readonly Entry[];
  readonly hasState: boolean;
  /** Whether several threads can run a call: `NAME_set_threads`. */
  readonly hasThreads: boolean;
}

/** Where the parts of `weights.bin` lie: the weights, then the initial state, on a cache line of its own. */
export interface WeightsFile {
  readonly weightsBytes: number;
  readonly stateOffset: number;
  readonly stateBytes: number;
  readonly bytes: number;
}

export const STATUS = ["OK", "INVALID_ARGUMENT", "BAD_WEIGHTS", "OUT_OF_MEMORY", "DEVICE_ERROR"] as const;

const LINE = 64;
/** Functions that every artifact has, members of the class: what entries must not be called. */
const ownMethods = ["create", "create_from_memory", "destroy", "error_message", "model", "status", "state_size", "get_state",
  "set_state", "get_weights", "set_weights", "export_weights", "set_threads", "Model", "get", "check"]; // biome-ignore format: a list

/** What the host code around kernels calls its own things: what parameters and kernels must not be called. */
export const hostNames: readonly string[] = ["allocate", "release", "reserve", "make", "fail", "message", "at", "read_file",
  "write_file", "file_size", "state_offset", "initial_arena_size", "model", "stream", "argc", "argv", "print_values",
  "random_values", "best_ms", "run_index", "started", "elapsed_ms", "thread", "Thread", "Team", "on_threads"]; // biome-ignore format: a list

export function interfaceOf(bundle: Bundle, hasThreads = false): Interface {
  const clean = identifier(bundle.name, "model");
  const prefix = cReserved.has(clean) ? `${clean}_model` : clean;
  const methods = new Names(new Set([...cReserved, ...ownMethods]));
  const entries = bundle.programs.map((program): Entry => {
    const method = methods.fresh(program.name);
    return { program, method, symbol: `${prefix}_${method}`, ...parametersOf(program) };
  });
  return {
    prefix,
    macro: prefix.toUpperCase(),
    entries,
    hasState: bundle.state.bytes.length > 0,
    hasThreads,
  };
}

function parametersOf(program: Program): Pick<Entry, "sizes" | "inputs" | "outputs"> {
  const names = new Names(new Set([...cReserved, ...hostNames]));
  const parameter = (port: Port): Parameter => ({
    name: names.fresh(port.name),
    type: interfaceType(port.dtype),
    port,
  });
  const sizes = program.symbols.map((symbol) => names.fresh(symbol));
  return { sizes, inputs: program.inputs.map(parameter), outputs: program.outputs.map(parameter) };
}

export function weightsFileOf({ weights, state }: Bundle): WeightsFile {
  const stateOffset =
    state.bytes.length === 0 ? weights.bytes.length : Math.ceil(weights.bytes.length / LINE) * LINE;
  return {
    weightsBytes: weights.bytes.length,
    stateOffset,
    stateBytes: state.bytes.length,
    bytes: stateOffset + state.bytes.length,
  };
}

/** The contents of `weights.bin`. */
export function weightsBytesOf(bundle: Bundle): Uint8Array {
  const { stateOffset, bytes } = weightsFileOf(bundle);
  const file = new Uint8Array(bytes);
  file.set(bundle.weights.bytes);
  file.set(bundle.state.bytes, stateOffset);
  return file;
}

/** `image f32[n, 28, 28, 1]`, for comments. */
export const describePort = (port: { name: string; dtype: DType; shape: Port["shape"] }): string =>
  commentText(`${port.name} ${port.dtype}[${port.shape.map(printDim).join(", ")}]`);

/** `predict: image f32[n, 784] -> probabilities f32[n, 10]` */
export function describeEntry({ method, inputs, outputs }: Entry): string {
  const list = (ports: readonly Parameter[]): string =>
    ports.map(({ port }) => describePort(port)).join(", ");
  return `${method}: ${list(inputs)} -> ${list(outputs)}`;
}

/** The parameters of an entry after the model: sizes, inputs, outputs. */
export function parameterList({ sizes, inputs, outputs }: Entry): string[] {
  return [
    ...sizes.map((name) => `int64_t ${name}`),
    ...inputs.map(({ type, name }) => `const ${type}* ${name}`),
    ...outputs.map(({ type, name }) => `${type}* ${name}`),
  ];
}

/** Every name that some entry calls a parameter. */
export const parameterNames = ({ entries }: Interface): readonly string[] => entries.flatMap(argumentList);

/** The same as arguments. */
export const argumentList = ({ sizes, inputs, outputs }: Entry): string[] => [
  ...sizes,
  ...inputs.map(({ name }) => name),
  ...outputs.map(({ name }) => name),
];
