/**
 * The gradient of a counted loop: a loop in the other direction. It needs what the iterations computed, so the loop is written a second
 * time with more stacked results, the residuals; the compiler then merges the two (`passes/merge-regions.ts`). Residuals are what the
 * backward iterations read of the forward ones, but not what is cheaper done again: moves, and what depends on captures alone.
 */
import type { Builder } from "../builder.ts";
import { isFloat } from "../dtype.ts";
import type { BlockArg, Op, Value } from "../graph.ts";
import type { GradientTools } from "../op.ts";
import type { TensorType } from "../type.ts";
import type { ScanAttrs } from "./regions.ts";

type ScanOp = Op & { readonly attrs: ScanAttrs };

/** The axis to stack residuals along: behind that of the samples, which then stay apart. */
const axisOf = ({ type: { shape } }: Value): number =>
  shape.length > 0 && typeof shape[0] !== "number" ? 1 : 0;

const argument = (type: TensorType, name?: string): BlockArg => ({ kind: "arg", type, name });

export function scanGradient(
  b: Builder,
  op: ScanOp,
  dys: readonly (Value | undefined)[],
  tools: GradientTools,
): readonly (Value | undefined)[] {
  return new ScanGradient(b, op, dys, tools).run();
}

class ScanGradient {
  private readonly inner: Builder;
  /** Arguments of the copied body. */
  private readonly args: readonly BlockArg[];
  private readonly returns: readonly Value[];
  private readonly forward: readonly Op[];
  private readonly b: Builder;
  private readonly op: ScanOp;
  private readonly dys: readonly (Value | undefined)[];
  private readonly tools: GradientTools;

  constructor(b: Builder, op: ScanOp, dys: readonly (Value | undefined)[], tools: GradientTools) {
    this.b = b;
    this.op = op;
    this.dys = dys;
    this.tools = tools;
    this.inner = b.nested();
    this.args = op.regions[0].args.map(({ type, name }) => argument(type, name));
    this.returns = this.inner.inline(op.regions[0], this.args);
    this.forward = [...this.inner.ops];
  }

  run(): readonly (Value | undefined)[] {
    const { carries } = this.op.attrs;
    const [states, slices, captures] = this.operandKinds();
    const dStates = states.map((i) => argument(this.args[i].type));
    const sums = captures.map((i) => argument(this.args[i].type));
    const dSlices = this.returns.map((y, i) =>
      i < carries || this.dys[i] === undefined ? undefined : argument(y.type),
    );
    const wrt = [...states, ...slices, ...captures].map((i) => this.args[i]);
    const seeds = dSlices.map((dy, i) => dy ?? dStates[states.indexOf(i)]);
    const found = this.tools.backward(this.inner, this.returns, seeds, wrt);
    const gradientOf = (i: number): Value | undefined => found[wrt.indexOf(this.args[i])];
    const next = [
      ...states.map((i) => gradientOf(i) ?? this.inner.full(this.args[i].type, 0)),
      ...captures.map((i, at) => this.sum(sums[at], gradientOf(i))),
    ];
    const given = dSlices.flatMap((slice, i): Stacked[] => {
      const stack = this.dys[i];
      const axis = this.op.attrs.outputs[i - carries];
      return slice === undefined || stack === undefined ? [] : [{ axis, stack, slice }];
    });
    const cut = slices.filter((i) => gradientOf(i) !== undefined);
    const dxs = cut.map(gradientOf).filter((dx) => dx !== undefined);
    const initial = [
      ...states.map((i) => this.dys[i] ?? this.b.full(this.args[i].type, 0)),
      ...sums.map(({ type }) => this.b.full(type, 0)),
    ];
    const axes = cut.map((i) => this.op.attrs.inputs[i - carries]);
    const results = this.backwardLoop({
      initial,
      carried: [...dStates, ...sums],
      given,
      returns: [...next, ...dxs],
      axes,
    });
    return this.op.operands.map((_, i) => results[[...states, ...captures, ...cut].indexOf(i)]);
  }

  /** The loop in the other direction: residuals are added to the stacked operands, captures to the operands. */
  private backwardLoop({ initial, carried, given, returns, axes }: Backward): readonly Value[] {
    const { b, op } = this;
    const { carries, inputs, length, reverse } = op.attrs;
    const kept = this.residuals(returns);
    const forward = this.keeping(kept.stacked);
    const stacked: Stacked[] = [
      ...given,
      ...kept.slices.map((i) => ({ axis: inputs[i - carries], stack: op.operands[i], slice: this.args[i] })),
      ...kept.stacked.map((slice, i) => ({
        axis: axisOf(slice),
        stack: forward[op.results.length + i],
        slice,
      })),
    ];
    const sources = [
      ...carried,
      ...stacked.map(({ slice }) => slice),
      ...kept.captures.map((i) => this.args[i]),
    ];
    const args = sources.map(({ type }) => argument(type));
    const ops = [...kept.again, ...this.inner.ops.slice(this.forward.length)];
    const block = this.inner.nested();
    const region = block.block(args, block.inline({ args: sources, ops, returns }, args));
    const operands = [
      ...initial,
      ...stacked.map(({ stack }) => stack),
      ...kept.captures.map((i) => op.operands[i]),
    ];
    const attrs: ScanAttrs = {
      carries: carried.length,
      inputs: stacked.map(({ axis }) => axis),
      length,
      outputs: axes,
      reverse: !reverse,
    };
    return b.results(op.name, operands, attrs, [region]);
  }

  /** The operands that have a gradient, by kind. Carries always do, since one leads to another. */
  private operandKinds(): readonly [states: number[], slices: number[], captures: number[]] {
    const { carries, inputs } = this.op.attrs;
    const floats = this.args.flatMap(({ type }, i) => (isFloat(type.dtype) ? [i] : []));
    const wanted = floats.filter((i) => this.tools.wanted[i]);
    const first = carries + inputs.length;
    return [
      floats.filter((i) => i < carries),
      wanted.filter((i) => i >= carries && i < first),
      wanted.filter((i) => i >= first),
    ];
  }

  private sum(before: Value, more: Value | undefined): Value {
    return more === undefined ? before : this.inner.add(before, more);
  }

  /** What the backward ops read of the forward ones, and how each of these values reaches them. */
  private residuals(wanted: readonly Value[]): Residuals {
    const { carries, inputs } = this.op.attrs;
    const positions = new Map<Value, number>(this.args.map((arg, i) => [arg, i]));
    const forward = new Set(this.forward);
    const varying = this.varying();
    const again = new Set<Op>();
    const found = { stacked: new Set<Value>(), slices: new Set<number>(), captures: new Set<number>() };
    const need = (value: Value): void => {
      const position = positions.get(value);
      if (position !== undefined) {
        if (position < carries) found.stacked.add(value);
        else if (position < carries + inputs.length) found.slices.add(position);
        else found.captures.add(position);
      } else if (value.kind === "result" && forward.has(value.op)) {
        if (varying.has(value.op) && !this.tools.isFree(value.op)) found.stacked.add(value);
        else if (!again.has(value.op)) {
          again.add(value.op);
          value.op.operands.forEach(need);
        }
      }
    };
    for (const op of this.inner.ops.slice(this.forward.length)) op.operands.forEach(need);
    wanted.forEach(need);
    return {
      stacked: [...found.stacked],
      slices: [...found.slices],
      captures: [...found.captures],
      again: this.forward.filter((op) => again.has(op)),
    };
  }

  /** The forward ops that depend on more than captures. */
  private varying(): ReadonlySet<Op> {
    const { carries, inputs } = this.op.attrs;
    const moving = new Set<Value>(this.args.slice(0, carries + inputs.length));
    const varying = new Set<Op>();
    for (const op of this.forward) {
      if (!op.operands.some((operand) => moving.has(operand))) continue;
      varying.add(op);
      for (const result of op.results) moving.add(result);
    }
    return varying;
  }

  /** The loop once more, with more results. */
  private keeping(stacked: readonly Value[]): readonly Value[] {
    const { b, op } = this;
    if (stacked.length === 0) return op.results;
    const block = b.nested();
    const args = this.args.map(({ type, name }) => argument(type, name));
    const source = { args: this.args, ops: this.forward, returns: [...this.returns, ...stacked] };
    const region = block.block(args, block.inline(source, args));
    const outputs = [...op.attrs.outputs, ...stacked.map(axisOf)];
    return b.results(op.name, op.operands, { ...op.attrs, outputs }, [region]);
  }
}

/** A stacked operand of the backward loop. */
interface Stacked {
  readonly axis: number;
  readonly stack: Value;
  /** What its slices are in the body. */
  readonly slice: Value;
}

interface Backward {
  readonly initial: readonly Value[];
  /** What the variables are in the body. */
  readonly carried: readonly Value[];
  readonly given: readonly Stacked[];
  readonly returns: readonly Value[];
  /** Of the stacked results. */
  readonly axes: readonly number[];
}

interface Residuals {
  /** Values of the forward iterations, to be stacked. */
  readonly stacked: readonly Value[];
  /** Stacked operands and captures that the backward iterations read too, by position. */
  readonly slices: readonly number[];
  readonly captures: readonly number[];
  /** Ops to do again. */
  readonly again: readonly Op[];
}
