/**
 * Kernels that ops build by hand (lowering kind "kernel"): the op says the loops, this file gives it its operands and its memory. Views and
 * cheap maps that fusion put into the op's group are read through, as anywhere else.
 */
import { CompilerBug } from "../../ir/errors.ts";
import type { Block, BlockArg, Op, Value } from "../../ir/graph.ts";
import {
  type Access, type Buffer, type Expr, type Kernel, load, makeBuffer, makeVar, type Stmt, type Var,
} from "../../ir/kernel.ts"; // biome-ignore format: one line
import type { Lowering, OpTable } from "../../ir/op.ts";
import type { TensorType } from "../../ir/type.ts";
import { buffersOf } from "../../ir/walk-kernel.ts";
import { Evaluator } from "./evaluator.ts";
import { blockSymbols, loweringOf } from "./group.ts";
import { TOTAL, TotalSizes } from "./kernel.ts";
import { type Slice, Slices } from "./slices.ts";

export interface HandBuilt {
  /** Parameters are the block's arguments, then its returns, then the scratch memory. */
  readonly kernel: Kernel;
  /** Values that stand for memory of the kernel's own. */
  readonly scratch: readonly Value[];
}

/** The op of a group that builds its kernel by hand. */
export const handBuiltOp = (block: Block, ops: OpTable): Op | undefined =>
  block.ops.find((op) => loweringOf(op, ops).kind === "kernel");

export function lowerHandBuilt(
  block: Block,
  name: string,
  ops: OpTable,
  slices: ReadonlyMap<Value, Slice>,
): HandBuilt {
  const op = handBuiltOp(block, ops);
  const lowering = op && loweringOf(op, ops);
  if (op === undefined || lowering?.kind !== "kernel")
    throw new CompilerBug("lower", `group ${name} builds no kernel by hand`);
  return new HandBuiltWriter(block, op, ops, new Slices(slices)).write(name, lowering);
}

class HandBuiltWriter {
  private readonly block: Block;
  private readonly op: Op;
  private readonly ops: OpTable;
  private readonly sizes: ReadonlyMap<string, Var>;
  private readonly totals = new Map<string, Var>();
  private readonly inputs: ReadonlyMap<Value, Buffer>;
  /** Of arguments: what such a kernel writes is memory of its own. */
  private readonly slices: Slices;

  constructor(block: Block, op: Op, ops: OpTable, slices: Slices) {
    this.slices = slices;
    this.block = block;
    this.op = op;
    this.ops = ops;
    this.sizes = new Map(blockSymbols(block).map((symbol) => [symbol, makeVar(symbol)]));
    this.inputs = new Map(
      block.args.map((arg, i) => {
        const type = { dtype: arg.type.dtype, shape: slices.shapeOf(arg) };
        return [arg, buffer(arg.name ?? `in${i}`, type)];
      }),
    );
  }

  write(name: string, lowering: Extract<Lowering, { kind: "kernel" }>): HandBuilt {
    const evaluator = new Evaluator(this.ops, {
      onRead: (value, index) => this.readInput(value, index),
      sizes: { extents: this.sizes, totals: new TotalSizes(this.totals) },
    });
    const ctx = evaluator.context(this.op);
    const results = this.op.results.map(({ type }, i) => buffer(`out${i}`, type));
    const types = lowering.scratch?.(ctx) ?? [];
    const scratch = types.map((type, i) => buffer(`scratch${i}`, type));
    const nest = lowering.build(ctx, evaluator.reader(this.op), { results, scratch });
    const isReturned = this.op.results.map((result) => this.block.returns.includes(result));
    const unused = this.op.results.filter((_, i) => !isReturned[i]);
    return {
      kernel: {
        name,
        params: this.params(nest, [
          ...results.filter((_, i) => isReturned[i]),
          ...results.filter((_, i) => !isReturned[i]),
          ...scratch,
        ]),
        dims: [
          ...[...this.sizes].map(([symbol, variable]) => ({ symbol, var: variable })),
          ...[...this.totals].map(([symbol, variable]) => ({ symbol: symbol + TOTAL, var: variable })),
          ...this.slices.dims,
        ],
        body: [nest],
      },
      scratch: [...unused.map(({ type }) => type), ...types].map(scratchValue),
    };
  }

  private readInput(value: Value, index: readonly Expr[]): Expr | undefined {
    const input = this.inputs.get(value);
    return input && load(input, this.slices.index(value, index));
  }

  /** What the kernel also reads of what it writes is `fresh`. */
  private params(nest: Stmt, outputs: readonly Buffer[]): Kernel["params"] {
    const uses = buffersOf([nest]);
    const access = (output: Buffer): Access => (uses.get(output) === "readwrite" ? "fresh" : "write");
    return [
      ...[...this.inputs.values()].map((input) => ({ buffer: input, access: "read" as const })),
      ...outputs.map((output) => ({ buffer: output, access: access(output) })),
    ];
  }
}

const buffer = (name: string, { dtype, shape }: TensorType): Buffer =>
  makeBuffer(name, dtype, shape, "global");
const scratchValue = (type: TensorType): BlockArg => ({ kind: "arg", type, name: "scratch" });
