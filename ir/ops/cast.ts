/**
 * Conversions between dtypes: of the value (`cast`) and of the bits (`bitcast`).
 */
import { byteWidth, type DType, dtypes, isFloat } from "../dtype.ts";
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { bitcast as bitcastExpr, cast as castExpr } from "../kernel.ts";
import type { OpDef } from "../op.ts";
import { convert } from "../scalar.ts";
import { tensorType } from "../type.ts";

type CastAttrs = { readonly dtype: DType };

export const cast: OpDef<CastAttrs> = {
  name: "cast",
  doc: "The value in another dtype; float to integer truncates and saturates, NaN gives 0.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["dtype"],
  infer: ([x], { dtype }) => [tensorType(dtype, x.shape)],
  evaluate([x], { dtype }, context) {
    const out = context.allocate(0);
    const wide = out.data instanceof Float64Array && isFloat(dtype);
    for (let i = 0; i < out.data.length; i++) {
      const value = getElement(x, i);
      setElement(out, i, wide ? value : convert(x.dtype, dtype, value));
    }
    return [out];
  },
  gradient: (b, op, [dy]) => {
    const { dtype } = op.operands[0].type;
    return [dy !== undefined && isFloat(dtype) ? b.cast(dy, dtype) : undefined];
  },
  lower: { kind: "map", at: (ctx, index, read) => castExpr(read(0, index), ctx.attrs.dtype) },
  samples: [
    { operands: [tensorType("f32", [7])], attrs: { dtype: "i32" } },
    { operands: [tensorType("i32", [7])], attrs: { dtype: "f32" }, range: [-100, 100] },
    { operands: [tensorType("bool", [7])], attrs: { dtype: "f32" } },
    { operands: [tensorType("u8", [9])], attrs: { dtype: "f32" }, range: [0, 255] },
    { operands: [tensorType("f32", [9])], attrs: { dtype: "bool" } },
  ],
};

export const bitcast: OpDef<CastAttrs> = {
  name: "bitcast",
  doc: "The same bits as another dtype of the same width.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["dtype"],
  infer([x], { dtype }) {
    if (byteWidth(x.dtype) !== byteWidth(dtype)) {
      throw new ModelError("bitcast needs equal widths", {
        expected: `${byteWidth(x.dtype)} bytes`,
        got: dtype,
      });
    }
    return [tensorType(dtype, x.shape)];
  },
  evaluate([x], { dtype }) {
    const from = x.data instanceof Float64Array ? Float32Array.from(x.data) : x.data.slice();
    return [{ dtype, shape: x.shape, data: dtypes[dtype].view(from.buffer, 0, from.length) }];
  },
  gradient: "zero",
  lower: { kind: "map", at: (ctx, index, read) => bitcastExpr(read(0, index), ctx.attrs.dtype) },
  samples: [
    { operands: [tensorType("f32", [4])], attrs: { dtype: "i32" } },
    { operands: [tensorType("u32", [4])], attrs: { dtype: "f32" }, range: [1e9, 1.06e9] },
  ],
};
