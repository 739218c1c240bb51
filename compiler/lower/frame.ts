/**
 * Results with a frame: where a group returns an array with nothing but a constant around it, its kernel writes the array into the middle
 * and the constant around, instead of copying it all in another kernel. Convolutions read their operands so.
 */
import type { Dim, Shape } from "../../ir/dim.ts";
import type { Block, Op, OpResult, Value } from "../../ir/graph.ts";
import {
  add,
  type Buffer,
  type Expr,
  forLoop,
  int,
  makeVar,
  read,
  type Stmt,
  store,
} from "../../ir/kernel.ts";
import type { Frame, OpTable } from "../../ir/op.ts";
import { Evaluator } from "./evaluator.ts";

/** What a returned value holds in its middle, and where. */
export interface Framed extends Frame {
  readonly inner: OpResult;
}

/** The ops of a block that only put a frame around another result of it, and whose results nobody inside reads. */
export function framesOf(block: Block, ops: OpTable): ReadonlyMap<Op, Framed> {
  const frames = new Map<Op, Framed>();
  const inside = new Set(block.ops);
  const read = new Set(block.ops.flatMap((op) => op.operands));
  for (const op of block.ops) {
    const [inner] = op.operands;
    if (inner?.kind !== "result" || !inside.has(inner.op) || read.has(op.results[0])) continue;
    const frame = frameOf(op, ops);
    if (frame !== undefined && block.returns.includes(op.results[0])) frames.set(op, { ...frame, inner });
  }
  return frames;
}

/**
 * Elements from which a row of an image makes full tiles by itself. Shorter rows are computed as one long one, which a frame would
 * interrupt; the copy of such an image is cheap.
 */
const LONG_ROW = 24;

/** The frame an op puts around its operand, if that is all it does and it pays to write the operand there. */
export function frameOf(op: Op, ops: OpTable): Frame | undefined {
  const lowering = ops.get(op.name)?.lower;
  const frame = lowering?.kind === "map" ? lowering.frame?.(new Evaluator(ops).context(op)) : undefined;
  const { shape } = op.operands[0]?.type ?? { shape: [] };
  const row = shape[shape.length - 2];
  return frame !== undefined && typeof row === "number" && row >= LONG_ROW ? frame : undefined;
}

/** The value whose elements a returned value is made of. */
export const innerOf = (value: Value, frames: ReadonlyMap<Op, Framed>): Value =>
  (value.kind === "result" ? frames.get(value.op)?.inner : undefined) ?? value;

/**
 * The nests that write the constant: along each axis in turn what lies before and behind, of the axes before it only the middle, so that
 * nothing is written twice. `at` says where an element of the result lies in the buffer.
 */
export function frameNests(
  buffer: Buffer,
  outer: Shape,
  { inner, offset, fill }: Framed,
  extent: (dim: Dim) => Expr,
  at: (index: readonly Expr[]) => readonly Expr[],
): readonly Stmt[] {
  const middle = inner.type.shape;
  return outer.flatMap((size, axis) => {
    const [low, length] = [offset[axis], middle[axis]];
    if (typeof size !== "number" || typeof length !== "number") return [];
    const sides = [
      { start: 0, length: low },
      { start: low + length, length: size - low - length },
    ];
    return sides.flatMap((side) => {
      if (side.length === 0) return [];
      const box = outer.map((whole, i): { start: number; length: Dim } => {
        if (i === axis) return side;
        return i < axis ? { start: offset[i], length: middle[i] } : { start: 0, length: whole };
      });
      return [fillBox(box, (index) => store(buffer, at(index), fill), extent)];
    });
  });
}

function fillBox(
  box: readonly { readonly start: number; readonly length: Dim }[],
  write: (index: readonly Expr[]) => Stmt,
  extent: (dim: Dim) => Expr,
): Stmt {
  const loops = box.map(({ start, length }, axis) => ({ variable: makeVar(`f${axis}`), start, length }));
  const index = loops.map(({ variable, start }) =>
    start === 0 ? read(variable) : add(read(variable), int(start)),
  );
  return loops.reduceRight<Stmt>(
    (body, { variable, length }) => forLoop(variable, extent(length), [body]),
    write(index),
  );
}
