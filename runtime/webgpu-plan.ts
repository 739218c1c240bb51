/**
 * What `targets/wgsl` emits beside the shaders, as plain data, and its reading: for given sizes, a plan is a list of dispatches and the
 * integers they pass to their shaders.
 */

import type { Bindings } from "./manifest.ts";

/** A number, the value of a symbol, or an operation on numbers; `/` and `%` round down. */
export type Size = number | string | readonly [operator: SizeOperator, a: Size, b: Size];
export type SizeOperator = "+" | "-" | "*" | "/" | "%" | "min" | "max";

/**
 * Runs an entry point, with so many workgroups along each axis (a single number is spread over two axes where it exceeds the limit of one);
 * or runs `body` for each chunk of at most `size` of `total`, where `symbol` is the size of the chunk and `base` its begin; or runs it with
 * `symbol` = 0 ... `extent` - 1; or lets a word of the working buffer decide.
 */
export type WgslStep =
  | { readonly entry: number; readonly groups: readonly Size[]; readonly params: readonly Size[] }
  | {
      readonly symbol: string;
      readonly base: string;
      readonly total: Size;
      readonly size: number;
      readonly body: readonly WgslStep[];
    }
  | {
      readonly symbol: string;
      readonly extent: Size;
      readonly reverse: boolean;
      readonly body: readonly WgslStep[];
    }
  | {
      /** Runs `test`, then `yes` or `no`, as the word says; after `yes` all over again if `again`. */
      readonly word: Size;
      readonly again: boolean;
      readonly test: readonly WgslStep[];
      readonly yes: readonly WgslStep[];
      readonly no: readonly WgslStep[];
    };

export interface WgslProgram {
  readonly name: string;
  /** Of the working buffer, and where inputs and outputs begin in it: in words of four bytes, one word per element. */
  readonly words: Size;
  readonly inputs: readonly Size[];
  readonly outputs: readonly Size[];
  /** Whether a word of the working buffer decides anything. */
  readonly decides?: boolean;
  readonly steps: readonly WgslStep[];
}

export interface WgslPlan {
  /** Names of the entry points. */
  readonly entries: readonly string[];
  /** Bytes of the uniform binding: a multiple of 256. */
  readonly paramBytes: number;
  readonly programs: readonly WgslProgram[];
}

export interface Dispatch {
  readonly entry: number;
  readonly groups: readonly [number, number, number];
  /** Where its params begin among those of all dispatches, in bytes. */
  readonly offset: number;
}

/** What a word of the working buffer decides, as in `WgslStep`. */
export interface Decision {
  readonly word: number;
  readonly again: boolean;
  readonly test: Script;
  readonly yes: Script;
  readonly no: Script;
}
export type Script = readonly (Dispatch | Decision)[];

export interface DispatchList {
  readonly script: Script;
  readonly params: Int32Array<ArrayBuffer>;
}

/** Workgroups along one axis. */
const MOST_GROUPS = 65535;

const OPERATIONS: { readonly [O in SizeOperator]: (a: number, b: number) => number } = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => Math.floor(a / b),
  "%": (a, b) => a - b * Math.floor(a / b),
  min: Math.min,
  max: Math.max,
};

/** NaN where a symbol has no value. */
export function evaluateSize(size: Size, bindings: Bindings): number {
  if (typeof size === "number") return size;
  if (typeof size === "string") return bindings[size] ?? Number.NaN;
  return OPERATIONS[size[0]](evaluateSize(size[1], bindings), evaluateSize(size[2], bindings));
}

/** Unrolls the steps of a program for one call. Dispatches without work are left out. */
export function scriptOf(steps: readonly WgslStep[], bindings: Bindings, paramBytes: number): DispatchList {
  const records: number[][] = [[]];
  const unroll = (body: readonly WgslStep[], values: Bindings): Script =>
    body.flatMap((step): Script => {
      if ("entry" in step) {
        const groups = spread(step.groups.map((size) => evaluateSize(size, values)));
        if (groups.includes(0)) return [];
        const record = step.params.map((size) => evaluateSize(size, values));
        if (record.length > 0) records.push(record);
        const offset = record.length > 0 ? (records.length - 1) * paramBytes : 0;
        return [{ entry: step.entry, groups, offset }];
      }
      if ("word" in step) {
        const [test, yes, no] = [step.test, step.yes, step.no].map((inner) => unroll(inner, values));
        return [{ word: evaluateSize(step.word, values), again: step.again, test, yes, no }];
      }
      return iterations(step, values).flatMap((more) => unroll(step.body, { ...values, ...more }));
    });
  const script = unroll(steps, bindings);
  const params = new Int32Array((records.length * paramBytes) / 4);
  records.forEach((record, at) => void params.set(record, (at * paramBytes) / 4));
  return { script, params };
}

/** The values of its symbols in each iteration of a loop. */
function iterations(step: Extract<WgslStep, { symbol: string }>, values: Bindings): Bindings[] {
  if ("extent" in step) {
    const { symbol, extent, reverse } = step;
    const all = Array.from({ length: evaluateSize(extent, values) }, (_, at) => ({ [symbol]: at }));
    return reverse ? all.reverse() : all;
  }
  const { symbol, base, total, size } = step;
  const end = evaluateSize(total, values);
  return Array.from({ length: Math.ceil(end / size) }, (_, at) => ({
    [symbol]: Math.min(size, end - at * size),
    [base]: at * size,
  }));
}

/** Three axes. A number alone may exceed the limit: it becomes a rectangle that holds at least so many. */
function spread([x, y, z = 1]: readonly number[]): readonly [number, number, number] {
  if (y !== undefined || x <= MOST_GROUPS) return [x, y ?? 1, z];
  const rows = Math.ceil(x / MOST_GROUPS);
  return [Math.ceil(x / rows), rows, 1];
}
