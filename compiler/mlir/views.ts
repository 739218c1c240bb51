/**
 * Operations that make views of memory: cast, collapse, expand, subview.
 */
import type { Operation, Value } from "mlir-js";
import { type Dim, productOf } from "../../ir/dim.ts";
import { Unsupported } from "../../ir/errors.ts";
import { type Expr, int } from "../../ir/kernel.ts";
import { relabel, subview, type View } from "./memory.ts";
import { placeOf } from "./read-scalar.ts";

/** What the operands of such an operation stand for. */
interface ViewSource {
  view(value: Value): View;
  scalar(value: Value): Expr;
  size(dim: Dim): Expr;
  shape(value: Value, sizes: readonly Value[]): Dim[];
}

/** The marker of MLIR's for a number that comes as an operand. */
const DYNAMIC_SIZE = -(2n ** 63n);

/** The view that an operation makes; undefined for other operations. */
export function viewOf(op: Operation, { view, scalar, size, shape }: ViewSource): View | undefined {
  switch (op.name) {
    case "memref.cast":
      return view(op.operands[0]);
    case "memref.collapse_shape": {
      const source = view(op.operands[0]);
      const groups =
        op
          .attribute("reassociation")
          ?.items.map((group) => group.items.map((axis) => Number(axis.integer))) ?? [];
      return relabel(
        source,
        groups.map((group) => productOf(group.map((axis) => source.shape[axis]))),
        size,
      );
    }
    case "memref.expand_shape":
      return relabel(view(op.operands[0]), shape(op.result, op.operands.slice(1)), size);
    case "memref.subview":
      return subviewOf(op, view(op.operands[0]), scalar, shape);
    default:
      return undefined;
  }
}

function subviewOf(
  op: Operation,
  source: View,
  scalar: (value: Value) => Expr,
  shape: ViewSource["shape"],
): View {
  let next = 1;
  const dynamic = op.operands;
  const numbers = (name: string): { exprs: Expr[]; values: Value[] } => {
    const listed = (op.attribute(name)?.toValue() ?? []) as readonly (number | bigint)[];
    const values: Value[] = [];
    const exprs = listed.map((number) => {
      if (BigInt(number) !== DYNAMIC_SIZE) return int(Number(number));
      values.push(dynamic[next]);
      return scalar(dynamic[next++]);
    });
    return { exprs, values };
  };
  const offsets = numbers("static_offsets").exprs;
  const sizes = numbers("static_sizes");
  const strides = numbers("static_strides").exprs;
  const result = shape(op.result, sizes.values);
  const rank = result.length;
  const kept = sizes.exprs.flatMap((size, axis) =>
    rank === sizes.exprs.length || !isOne(size) ? [axis] : [],
  );
  if (kept.length !== rank)
    throw new Unsupported("keratin", "a subview that drops axes", { where: placeOf(op) });
  return subview(source, result, offsets, strides, kept);
}

const isOne = (expr: Expr): boolean => expr.kind === "const" && expr.value === 1;
