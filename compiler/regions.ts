/**
 * Loops and branches as passes see them: which operands are variables, stacked arrays and captures; and rebuilding one with more captures,
 * or with fewer of everything.
 */
import { type Block, type BlockArg, makeOp, type Op, type Value } from "../ir/graph.ts";
import type { Control, Counted, OpTable } from "../ir/op.ts";

export type LoopControl = Exclude<Control, { readonly runs: "once" }>;

/** How an op runs its regions, where these run again and again or not at all. */
export function loopControl(op: Op, ops: OpTable): LoopControl | undefined {
  const lower = ops.get(op.name)?.lower;
  return lower?.kind === "region" && lower.control.runs !== "once" ? lower.control : undefined;
}

/** The parts of an op's operands: position of the first argument among operands, then how many of each kind. */
export interface Parts {
  /** Operands that regions do not get. */
  readonly skipped: number;
  readonly carries: number;
  readonly stacked: number;
}

export function partsOf(op: Op, control: LoopControl): Parts {
  switch (control.runs) {
    case "choice":
      return { skipped: 1, carries: 0, stacked: 0 };
    case "while":
      return { skipped: 0, carries: control.carries(op.attrs), stacked: 0 };
    case "for": {
      const { carries, inputs } = control.counts(op.attrs);
      return { skipped: 0, carries, stacked: inputs.length };
    }
    default:
      throw control satisfies never;
  }
}

/** The position of the first capture among the arguments of a region. */
export const firstCapture = ({ carries, stacked }: Parts): number => carries + stacked;

/** What to keep of a loop, one flag for each argument of its regions and for each result. */
export interface Kept {
  readonly args: readonly boolean[];
  readonly results: readonly boolean[];
}

/**
 * The op without what is not kept. Kept arguments and returns must not need the others. The new results correspond to those kept, in order.
 */
export function withParts(op: Op, control: LoopControl, kept: Kept): Op {
  const parts = partsOf(op, control);
  const operands = op.operands.filter((_, i) => i < parts.skipped || kept.args[i - parts.skipped]);
  const isTest = (i: number): boolean => control.runs === "while" && i === 0;
  const regions = op.regions.map(
    (region, i): Block => ({
      args: region.args.filter((_, at) => kept.args[at]),
      ops: region.ops,
      returns: isTest(i) ? region.returns : region.returns.filter((_, at) => kept.results[at]),
    }),
  );
  const types = op.results.filter((_, i) => kept.results[i]).map(({ type }) => type);
  return makeOp(op.name, operands, types, attrsOf(op, control, kept), regions, op.loc);
}

function attrsOf(op: Op, control: LoopControl, kept: Kept): Op["attrs"] {
  const count = (flags: readonly boolean[]): number => flags.filter(Boolean).length;
  if (control.runs === "choice") return op.attrs;
  if (control.runs === "while") return control.attrs(count(kept.args.slice(0, control.carries(op.attrs))));
  const counts = control.counts(op.attrs);
  const { carries } = counts;
  const less: Counted = {
    ...counts,
    carries: count(kept.args.slice(0, carries)),
    inputs: counts.inputs.filter((_, i) => kept.args[carries + i]),
    outputs: counts.outputs.filter((_, i) => kept.results[carries + i]),
  };
  return control.attrs(less);
}

/** The op with more captures: `regions` have one more argument at the end for each. */
export function withCaptures(op: Op, captures: readonly Value[], regions: readonly Block[]): Op {
  const types = op.results.map(({ type }) => type);
  return makeOp(op.name, [...op.operands, ...captures], types, op.attrs, regions, op.loc);
}

export const argumentFor = ({ type }: Value): BlockArg => ({ kind: "arg", type });
