/**
 * The graph IR: SSA over tensors. A module holds functions, a function one block, a block ops in order; ops with regions (`fused`,
 * `chunks`) hold further blocks. All data is readonly: a pass builds a new module and shares what did not change. Identity is the
 * object; names exist only in text. Regions are isolated from above: what they use from outside comes in as operands.
 */
import type { NDArray } from "./ndarray.ts";
import type { TensorType } from "./type.ts";

/** An argument of a block. Free-standing: it does not know its block. */
export interface BlockArg {
  readonly kind: "arg";
  readonly type: TensorType;
  /** A hint for the printer: `%image`. */
  readonly name?: string;
}

/** Result number `index` of `op`. */
export interface OpResult {
  readonly kind: "result";
  readonly type: TensorType;
  readonly op: Op;
  readonly index: number;
}

export type Value = BlockArg | OpResult;

/** Attribute values. NDArrays are constants: small ones print inline, large ones as a resource. */
export type Attr = boolean | number | string | NDArray | TensorType | readonly Attr[];
export type Attrs = { readonly [name: string]: Attr | undefined };

/** Where an op came from: the path of layers, outermost first ("mnist/conv2d"). Not part of its identity. */
export type Loc = string;

export interface Op {
  readonly name: string;
  readonly operands: readonly Value[];
  readonly results: readonly OpResult[];
  readonly attrs: Attrs;
  readonly regions: readonly Block[];
  readonly loc: Loc;
}

export interface Block {
  readonly args: readonly BlockArg[];
  readonly ops: readonly Op[];
  readonly returns: readonly Value[];
}

/**
 * What an argument of a Func is. `param`: a weight, bytes in the side store under `path`. `state`: read and written by every call
 * (weights while training, optimizer slots, step counter); the result with the same `path` takes its place. `input`: given by the
 * caller. `prepared`: a result of the function `prepare`.
 */
export type ArgRole =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "param" | "state" | "prepared"; readonly path: string };

/** What a result of a Func is: an output for the caller, the next value of a state, or something prepared. */
export type ResultRole =
  | { readonly kind: "output"; readonly name: string }
  | { readonly kind: "state" | "prepared"; readonly path: string };

export interface Func {
  readonly name: string;
  readonly body: Block;
  /** One for each argument and each result of the body, in order. */
  readonly args: readonly ArgRole[];
  readonly results: readonly ResultRole[];
}

export interface Module {
  readonly funcs: readonly Func[];
}

/** The parts a Value is made from when a pass rebuilds an op. */
export function makeOp(
  name: string,
  operands: readonly Value[],
  types: readonly TensorType[],
  attrs: Attrs = {},
  regions: readonly Block[] = [],
  loc: Loc = "",
): Op {
  const results: OpResult[] = [];
  const op: Op = { name, operands, results, attrs, regions, loc };
  types.forEach((type, index) => results.push({ kind: "result", type, op, index }));
  return op;
}
