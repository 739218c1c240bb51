/**
 * `search_sorted`: where values would be inserted into a sorted vector, by bisection.
 */
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { add, type Expr, int, scalar, store } from "../kernel.ts";
import { bind, cell, each, inParallel, when } from "../loops.ts";
import type { OpDef } from "../op.ts";
import { printType, tensorType } from "../type.ts";
import { constantSize } from "./along-axis.ts";
import { compareNumbers, standsBefore } from "./ordering.ts";

type SearchAttrs = {
  /** Insert before (`left`) or behind (`right`) elements equal to the value. */
  readonly side: "left" | "right";
};

export const searchSorted: OpDef<SearchAttrs> = {
  name: "search_sorted",
  doc: "For each value, how many elements of the ascending vector come before the place where it would be inserted.",
  tolerance: "exact",
  arity: [2, 2],
  attrNames: ["side"],
  infer([sorted, values], { side }) {
    if (sorted.shape.length !== 1 || sorted.dtype !== values.dtype) {
      throw new ModelError("operands do not fit", {
        expected: "a sorted vector, and values of its dtype",
        got: `${printType(sorted)} and ${printType(values)}`,
      });
    }
    if (side !== "left" && side !== "right")
      throw new ModelError("no such side", { expected: "left or right", got: `${side}` });
    constantSize(sorted.shape, 0, "a search");
    return [tensorType("i32", values.shape)];
  },
  evaluate([sorted, values], { side }, context) {
    const out = context.allocate(0);
    for (let i = 0; i < out.data.length; i++) {
      const value = getElement(values, i);
      let [low, high] = [0, sorted.data.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        const order = compareNumbers(getElement(sorted, middle), value);
        if (order < 0 || (order === 0 && side === "right")) low = middle + 1;
        else high = middle;
      }
      setElement(out, i, low);
    }
    return [out];
  },
  gradient: "zero",
  lower: {
    kind: "kernel",
    build(ctx, read, { results: [out] }) {
      const [sorted, values] = ctx.operands;
      const size = constantSize(sorted.shape, 0, "a search");
      const comesBefore = (element: Expr, value: Expr): Expr =>
        ctx.attrs.side === "left"
          ? standsBefore(element, value, false)
          : scalar("not", standsBefore(value, element, false));
      return inParallel(
        values.shape.map((dim) => ctx.extent(dim)),
        (index) =>
          bind("value", read(1, index), (value) =>
            cell("low", int(0), (low) =>
              cell("high", int(size), (high) => [
                each(Math.ceil(Math.log2(size + 1)), () =>
                  bind("middle", scalar("shr", add(low.get, high.get), int(1)), (middle) => {
                    const element = read(0, [scalar("min", middle, int(size - 1))]);
                    return [
                      when(scalar("lt", low.get, high.get), [
                        when(comesBefore(element, value), [low.set(add(middle, int(1)))], [high.set(middle)]),
                      ]),
                    ];
                  }),
                ),
                store(out, index, low.get),
              ]),
            ),
          ),
      );
    },
  },
  samples: (["left", "right"] as const).flatMap((side) => [
    {
      operands: [tensorType("i32", [6]), tensorType("i32", [3, 4])],
      attrs: { side },
      range: [0, 5] as const,
    },
    { operands: [tensorType("f32", [1]), tensorType("f32", [4])], attrs: { side } },
  ]),
};
