/**
 * `sort`: elements in order along one axis, and where they came from. Stable; NaN stands last in ascending and first in descending order.
 * The loops are a bottom-up merge sort of positions, one row after the other, in two planes of scratch memory that take turns.
 */
import { getElement, setElement } from "../elements.ts";
import { add, type Expr, int, load, type Stmt, scalar, store, sub } from "../kernel.ts";
import { bind, type Cell, cell, each, when } from "../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../op.ts";
import { tensorType } from "../type.ts";
import { constantSize, forEachRow, overRows, requireAxis, without } from "./along-axis.ts";
import { compareNumbers, standsBefore } from "./ordering.ts";

type SortAttrs = { readonly axis: number; readonly descending: boolean };

const sizeOf = ({ operands: [x], attrs: { axis } }: LowerContext<SortAttrs>): number =>
  constantSize(x.shape, axis, "sort");

export const sort: OpDef<SortAttrs> = {
  name: "sort",
  doc: "The elements in order along `axis`, and the position each had; equal ones keep their order.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["axis", "descending"],
  infer([x], { axis }) {
    requireAxis(axis, x.shape.length);
    constantSize(x.shape, axis, "sort");
    return [x, tensorType("i32", x.shape)];
  },
  evaluate([x], { axis, descending }, context) {
    const [values, positions] = [context.allocate(0), context.allocate(1)];
    forEachRow(x.shape, axis, (first, stride) => {
      const row = Array.from({ length: x.shape[axis] }, (_, i) => getElement(x, first + i * stride));
      const order = row.map((_, i) => i);
      order.sort((a, b) => compareNumbers(row[a], row[b]) * (descending ? -1 : 1) || a - b);
      order.forEach((from, to) => {
        setElement(values, first + to * stride, row[from]);
        setElement(positions, first + to * stride, from);
      });
    });
    return [values, positions];
  },
  gradient: (b, op, [dy]) => {
    const zeros = b.full(op.operands[0].type, 0);
    return [dy && b.op("scatter", [zeros, op.results[1], dy], { axis: op.attrs.axis, combine: "add" })];
  },
  lower: {
    kind: "kernel",
    scratch: (ctx) => [
      tensorType("i32", [...without(ctx.operands[0].shape, ctx.attrs.axis), 2, sizeOf(ctx)]),
    ],
    build: (ctx, read, memory) =>
      overRows(ctx, ctx.operands[0].shape, ctx.attrs.axis, (at, row) => sortRow(ctx, read, memory, at, row)),
  },
  samples: [
    { operands: [tensorType("f32", [7])], attrs: { axis: 0, descending: false } },
    { operands: [tensorType("f32", [3, 5, 2])], attrs: { axis: 1, descending: true } },
    { operands: [tensorType("i32", [2, 16])], attrs: { axis: 1, descending: false } },
    { operands: [tensorType("f32", [1])], attrs: { axis: 0, descending: false } },
  ],
};

function sortRow(
  ctx: LowerContext<SortAttrs>,
  read: Read,
  { results: [values, positions], scratch: [planes] }: Memory,
  at: (i: Expr) => readonly Expr[],
  row: readonly Expr[],
): readonly Stmt[] {
  const size = sizeOf(ctx);
  const passes = Math.ceil(Math.log2(Math.max(1, size)));
  const plane = (which: Expr, i: Expr): readonly Expr[] => [...row, which, i];
  const comesFirst = (a: Expr, b: Expr): Expr =>
    standsBefore(read(0, at(a)), read(0, at(b)), ctx.attrs.descending);
  const merge = (pass: Expr): readonly Stmt[] => {
    const from = scalar("and", pass, int(1));
    return mergeRuns(scalar("shl", int(1), pass), size, {
      get: (i) => load(planes, plane(from, i)),
      put: (i, position) => store(planes, plane(sub(int(1), from), i), position),
      comesFirst,
    });
  };
  return [
    each(size, (i) => [store(planes, plane(int(0), i), i)]),
    each(passes, merge, "pass"),
    each(size, (i) =>
      bind("position", load(planes, plane(int(passes % 2), i)), (position) => [
        store(values, at(i), read(0, at(position))),
        store(positions, at(i), position),
      ]),
    ),
  ];
}

interface Runs {
  get(i: Expr): Expr;
  put(i: Expr, position: Expr): Stmt;
  comesFirst(a: Expr, b: Expr): Expr;
}

/** Merges runs of `width` elements, a power of two, pair by pair; of equal elements the left one goes first. */
function mergeRuns(width: Expr, size: number, runs: Runs): readonly Stmt[] {
  const last = int(size - 1);
  const step = (left: Cell, right: Cell, i: Expr): readonly Stmt[] => {
    const start = sub(i, scalar("and", i, sub(scalar("shl", width, int(1)), int(1))));
    const middle = scalar("min", add(start, width), int(size));
    const end = scalar("min", add(middle, width), int(size));
    return [
      when(scalar("eq", i, start), [left.set(start), right.set(middle)]),
      ...bind("a", runs.get(scalar("min", left.get, last)), (a) =>
        bind("b", runs.get(scalar("min", right.get, last)), (b) => {
          const rightWins = scalar("or", scalar("le", middle, left.get), runs.comesFirst(b, a));
          return bind("takes_right", scalar("and", scalar("lt", right.get, end), rightWins), (takesRight) => [
            runs.put(i, scalar("select", takesRight, b, a)),
            when(takesRight, [right.set(add(right.get, int(1)))], [left.set(add(left.get, int(1)))]),
          ]);
        }),
      ),
    ];
  };
  return cell("left", int(0), (left) =>
    cell("right", int(0), (right) => [each(size, (i) => step(left, right, i))]),
  );
}
