/**
 * Ops without tensor operands: constants, counters, sizes.
 */
import { evaluateDim, parseDim } from "../dim.ts";
import type { DType } from "../dtype.ts";
import { forEachIndex, getElement, setElement } from "../elements.ts";
import { CompilerBug, ModelError } from "../errors.ts";
import { cast, constant as constantExpr } from "../kernel.ts";
import type { NDArray } from "../ndarray.ts";
import { sizeOf } from "../ndarray.ts";
import type { OpDef } from "../op.ts";
import { scalarType, tensorType } from "../type.ts";
import { type DimsAttr, dimsOf } from "./movement.ts";

export const constant: OpDef<{ readonly value: NDArray }> = {
  name: "constant",
  doc: "The array `value`.",
  tolerance: "exact",
  arity: [0, 0],
  attrNames: ["value"],
  infer: (_operands, { value }) => [tensorType(value.dtype, value.shape)],
  evaluate(_operands, { value }, context) {
    const out = context.allocate(0);
    for (let i = 0; i < out.data.length; i++) setElement(out, i, getElement(value, i));
    return [out];
  },
  gradient: "zero",
  lower: {
    kind: "map",
    at(ctx) {
      if (sizeOf(ctx.attrs.value.shape) !== 1) {
        throw new CompilerBug("lower", "a constant of more than one element must be a parameter by now");
      }
      return constantExpr(getElement(ctx.attrs.value, 0), ctx.attrs.value.dtype);
    },
  },
  samples: [{ operands: [], attrs: { value: { dtype: "f32", shape: [], data: new Float32Array([2.5]) } } }],
};

type IotaAttrs = { readonly shape: DimsAttr; readonly axis: number; readonly dtype: DType };

export const iota: OpDef<IotaAttrs> = {
  name: "iota",
  doc: "Each element is its index along `axis`.",
  tolerance: "exact",
  arity: [0, 0],
  attrNames: ["axis", "dtype", "shape"],
  infer(_operands, { shape, axis, dtype }) {
    if (!(axis >= 0 && axis < shape.length)) throw new ModelError("axis out of range", { got: `${axis}` });
    return [tensorType(dtype, dimsOf(shape))];
  },
  evaluate(_operands, { axis }, context) {
    const out = context.allocate(0);
    forEachIndex(out.shape, (index, flat) => setElement(out, flat, index[axis]));
    return [out];
  },
  gradient: "zero",
  lower: { kind: "map", at: (ctx, index) => cast(index[ctx.attrs.axis], ctx.attrs.dtype) },
  samples: [
    { operands: [], attrs: { shape: [5], axis: 0, dtype: "i32" } },
    { operands: [], attrs: { shape: [2, 3], axis: 1, dtype: "f32" } },
  ],
};

export const dim: OpDef<{ readonly dim: string; readonly dtype: DType }> = {
  name: "dim",
  doc: "A symbolic dimension as a scalar: the mean over the batch divides by it.",
  tolerance: "exact",
  arity: [0, 0],
  attrNames: ["dim", "dtype"],
  infer(_operands, attrs) {
    parseDim(attrs.dim);
    return [scalarType(attrs.dtype)];
  },
  evaluate(_operands, attrs, context) {
    const out = context.allocate(0);
    setElement(out, 0, evaluateDim(parseDim(attrs.dim), context.bindings));
    return [out];
  },
  gradient: "zero",
  lower: { kind: "map", at: (ctx) => cast(ctx.total(parseDim(ctx.attrs.dim)), ctx.attrs.dtype) },
  samples: [{ operands: [], attrs: { dim: "12", dtype: "f32" } }],
};
