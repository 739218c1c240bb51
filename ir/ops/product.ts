/**
 * `reduce_prod`: products over whole axes. Apart from the other reductions because of its gradient, which is made of running products, so
 * that a zero among the factors is no special case.
 */
import { bindAxes, indexExprs } from "../affine-spec.ts";
import type { Builder } from "../builder.ts";
import { productOf } from "../dim.ts";
import { flatIndex, forEachIndex, getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import type { Value } from "../graph.ts";
import { constant, mul } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { applyScalar } from "../scalar.ts";
import { tensorType } from "../type.ts";
import { shifted } from "./cumulate.ts";
import { resolve } from "./reduce.ts";

type ProductAttrs = { readonly spec: string };

export const reduceProd: OpDef<ProductAttrs> = {
  name: "reduce_prod",
  doc: "The product over the reduced axes.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: ["spec"],
  infer([x], attrs) {
    const { spec, kept } = resolve(attrs, [x.shape]);
    if (spec.operands[0].some((index) => index.length !== 1 || index[0].factor !== 1))
      throw new ModelError("products are over whole axes", { got: attrs.spec });
    return [tensorType(x.dtype, kept)];
  },
  evaluate([x], attrs, context) {
    const out = context.allocate(0);
    const wide = out.data instanceof Float64Array ? "f64" : x.dtype;
    const { spec } = resolve(attrs, [x.shape]);
    const axes = spec.kept.map((axis) => spec.operands[0].findIndex(([term]) => term.axis === axis));
    const strides = stridesOf(out.shape);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, 1);
    forEachIndex(x.shape, (index, from) => {
      const to = flatIndex(
        axes.map((axis) => index[axis]),
        strides,
      );
      setElement(out, to, applyScalar("mul", wide, [getElement(out, to), getElement(x, from)]));
    });
    return [out];
  },
  gradient: (b, op, [dy]) => [dy && productGradient(b, op.attrs, op.operands[0], dy)],
  lower: {
    kind: "reduce",
    extents: (ctx) => resolve(ctx.attrs, [ctx.operands[0].shape]).reduced,
    init: (ctx) => [constant(1, ctx.results[0].dtype)],
    body(ctx, index, at, read) {
      const { spec } = resolve(ctx.attrs, [ctx.operands[0].shape]);
      return [read(0, indexExprs(spec.operands[0], bindAxes(spec, index, at)))];
    },
    combine: (_ctx, [product], [x]) => [mul(product, x)],
  },
  samples: [
    { operands: [tensorType("f32", [2, 5])], attrs: { spec: "a b -> a" } },
    { operands: [tensorType("f32", [3, 4, 2])], attrs: { spec: "a b c -> c" } },
    { operands: [tensorType("f32", [4])], attrs: { spec: "a ->" } },
    { operands: [tensorType("i32", [2, 3])], attrs: { spec: "a b -> b" } },
  ],
};

/** dy times the product of what comes before and the product of what comes behind, along the reduced axes as one. */
function productGradient(b: Builder, attrs: ProductAttrs, x: Value, dy: Value): Value {
  const { spec, kept, reduced } = resolve(attrs, [x.type.shape]);
  const names = spec.operands[0].map(([term]) => term.axis);
  const order = [...spec.kept, ...spec.reduced].map((axis) => names.indexOf(axis));
  const axis = kept.length;
  const rows = b.reshape(b.transpose(x, order), [...kept, productOf(reduced)]);
  const others = [false, true].map((reverse) => {
    const products = b.op("cumulate", [rows], { axis, combine: "mul", reverse });
    return shifted(b, products, axis, reverse, 1);
  });
  const spread = b.broadcast(
    dy,
    rows.type.shape,
    kept.map((_, i) => i),
  );
  const dx = b.mul(spread, b.mul(others[0], others[1]));
  const inverse = order.map((_, i) => order.indexOf(i));
  return b.transpose(b.reshape(dx, [...kept, ...reduced]), inverse);
}
