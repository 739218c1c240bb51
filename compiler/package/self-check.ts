/**
 * The self-check of an artifact: calls with random inputs, and what they must give, recorded when it is compiled. The answers come from
 * the reference evaluation in double precision of the module as it was traced: no pass, schedule or emitter has touched them.
 *
 * All calls run in order on one new instance. An entry that keeps state is called twice, and the entries that only read it once more
 * afterwards, so that a wrong update shows.
 */
import { evaluateShape, symbolsOf } from "../../ir/dim.ts";
import { byteWidth, dtypes, isFloat } from "../../ir/dtype.ts";
import { evaluateFunc } from "../../ir/evaluate.ts";
import type { Func } from "../../ir/graph.ts";
import { bytesOf, type NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { randomArray, randomNumbers } from "./random.ts";
import type { ArtifactSource } from "./source.ts";

/** A tensor of a recorded call; `offset` in bytes into the file. */
export interface RecordedTensor {
  readonly name: string;
  readonly dtype: NDArray["dtype"];
  readonly shape: readonly number[];
  readonly offset: number;
}

export interface RecordedOutput extends RecordedTensor {
  /** The largest difference of an element that passes. */
  readonly tolerance: number;
}

export interface RecordedCall {
  readonly entry: string;
  readonly symbols: { readonly [symbol: string]: number };
  readonly inputs: readonly RecordedTensor[];
  readonly outputs: readonly RecordedOutput[];
}

export interface SelfCheck {
  readonly calls: readonly RecordedCall[];
  /** What the offsets point into. */
  readonly bytes: Uint8Array;
}

/** Batches of the calls of an entry without state, and of one with. */
const BATCHES = { stateless: [1, 1, 7], stateful: [7, 7], afterwards: [1] } as const;

/** Of the largest element of an output: what rounding in single precision may add up to in a deep network. */
const RELATIVE_TOLERANCE = 1e-4;
/** After optimizers divided small numbers by small numbers. */
const RELATIVE_TOLERANCE_AFTER_UPDATES = 2e-3;

/** Collects tensors into one file. */
class Recording {
  readonly parts: Uint8Array[] = [];
  size = 0;

  add(name: string, array: NDArray): RecordedTensor {
    const { dtype, shape } = array;
    const offset = this.size;
    const bytes = bytesOf(narrowed(array));
    this.parts.push(bytes.slice());
    // Eight bytes suit every dtype.
    this.size += Math.ceil(bytes.length / 8) * 8;
    return { name, dtype, shape, offset };
  }

  finish(): Uint8Array {
    const file = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      file.set(part, at);
      at += Math.ceil(part.length / 8) * 8;
    }
    return file;
  }
}

/** Wide results as their dtype stores them. */
function narrowed(array: NDArray): NDArray {
  if (array.data.BYTES_PER_ELEMENT === byteWidth(array.dtype)) return array;
  const data = dtypes[array.dtype].allocate(array.data.length);
  for (let i = 0; i < data.length; i++) data[i] = array.data[i];
  return { ...array, data };
}

/** Runs the reference on random inputs. Deterministic. */
export function recordSelfCheck({ module, values }: ArtifactSource): SelfCheck {
  const recording = new Recording();
  const next = randomNumbers(1);
  const state = new Map(values);
  const calls: RecordedCall[] = [];
  const isStateful = (func: Func): boolean => func.results.some(({ kind }) => kind === "state");
  const record = (func: Func, batches: readonly number[], tolerance: number): void => {
    for (const batch of batches) calls.push(recordCall(func, batch, state, { recording, next, tolerance }));
  };
  const stateless = module.funcs.filter((func) => !isStateful(func));
  const stateful = module.funcs.filter(isStateful);
  for (const func of stateless) record(func, BATCHES.stateless, RELATIVE_TOLERANCE);
  for (const func of stateful) record(func, BATCHES.stateful, RELATIVE_TOLERANCE_AFTER_UPDATES);
  if (stateful.length > 0)
    for (const func of stateless) record(func, BATCHES.afterwards, RELATIVE_TOLERANCE_AFTER_UPDATES);
  return { calls, bytes: recording.finish() };
}

interface RecordContext {
  readonly recording: Recording;
  readonly next: () => number;
  readonly tolerance: number;
}

/** Evaluates one call and puts the new states into `state`. */
function recordCall(
  func: Func,
  batch: number,
  state: Map<string, NDArray>,
  context: RecordContext,
): RecordedCall {
  const { recording, next, tolerance } = context;
  const bindings = new Map(
    func.body.args.flatMap(({ type }) => symbolsOf(type.shape)).map((name) => [name, batch]),
  );
  const inputs: RecordedTensor[] = [];
  const args = func.args.map((role, i): NDArray => {
    if (role.kind !== "input") return state.get(role.path) as NDArray;
    const { dtype, shape } = func.body.args[i].type;
    const array = randomArray(dtype, evaluateShape(shape, bindings), next);
    inputs.push(recording.add(role.name, array));
    return array;
  });
  const outputs: RecordedOutput[] = [];
  evaluateFunc(func, args, opTable, { wide: true }).forEach((result, i) => {
    const role = func.results[i];
    if (role.kind === "state") state.set(role.path, result);
    if (role.kind === "output")
      outputs.push({ ...recording.add(role.name, result), tolerance: toleranceOf(result, tolerance) });
  });
  return { entry: func.name, symbols: Object.fromEntries(bindings), inputs, outputs };
}

/** Integers and booleans must be equal. */
function toleranceOf({ dtype, data }: NDArray, relative: number): number {
  if (!isFloat(dtype)) return 0;
  let largest = 0;
  for (const value of data)
    if (Number.isFinite(Number(value))) largest = Math.max(largest, Math.abs(Number(value)));
  // Two digits: the exact bits of the tolerance mean nothing.
  return Number((relative * Math.max(largest, 1e-3)).toPrecision(2));
}
