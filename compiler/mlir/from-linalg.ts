/**
 * linalg and tensor operations, and arith and math on tensors, as ops of ours. A linalg.generic is read as the nest that it is.
 */
import type { AffineMap, Value as MlirValue, Operation } from "mlir-js";
import type { Dim } from "../../ir/dim.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Value } from "../../ir/graph.ts";
import { type Buffer, type Expr, load, makeBuffer, makeVar, read } from "../../ir/kernel.ts";
import { tensorType } from "../../ir/type.ts";
import type { Nest } from "./nest.ts";
import { graphOfNest, splatOf } from "./nest-to-graph.ts";
import { affineExpr } from "./read-kernel.ts";
import { placeOf, readScalar, unknown } from "./read-scalar.ts";
import type { ReadWord, TensorReader, Words } from "./tensor-reader.ts";

/** The loops of a linalg.generic. */
class GenericReader {
  private readonly r: TensorReader;
  private readonly op: Operation;
  private readonly maps: readonly AffineMap[];
  private readonly variables: readonly Expr[];
  private readonly extents: (Dim | undefined)[];
  private readonly buffers = new Map<MlirValue, Buffer>();
  private readonly scalars = new Map<MlirValue, Expr>();

  constructor(r: TensorReader, op: Operation) {
    this.r = r;
    this.op = op;
    this.maps = (op.attribute("indexing_maps")?.items ?? []).map((item) => item.map);
    const count = this.maps[0]?.dims ?? 0;
    this.variables = Array.from({ length: count }, (_, i) => read(makeVar(`d${i}`)));
    this.extents = new Array<Dim | undefined>(count).fill(undefined);
  }

  read(): readonly Value[] {
    const { op, maps, r } = this;
    const kinds = (op.attribute("iterator_types")?.items ?? []).map(String);
    const isReduction = kinds.map((kind) => kind.includes("reduction"));
    op.operands.forEach((operand, i) => void this.noteExtents(r.value(operand), maps[i]));
    const outputs = op.operands.slice(op.operands.length - op.results.length);
    const order = this.orderOf(maps[maps.length - 1], isReduction);
    const loop = (at: number): Nest["parallel"][number] => {
      const variable = this.variables[at];
      const extent = this.extents[at];
      if (variable.kind !== "var" || extent === undefined) throw unknown(op);
      return { variable: variable.var, extent };
    };
    const reduction = isReduction.flatMap((is, at) => (is ? [loop(at)] : []));
    const state = outputs.map((output, i) => makeVar(`state${i}`, r.value(output).type.dtype));
    const starts = outputs.map((output, i) => this.access(output, maps[maps.length - outputs.length + i]));
    const values = this.body(reduction.length > 0 ? state.map(read) : starts);
    const isSum = reduction.length > 0;
    const nest: Nest = {
      parallel: order.map(loop),
      reduction,
      operands: [...this.buffers.values()],
      results: outputs.map((output) => r.value(output).type),
      state: isSum ? state : [],
      init: isSum ? starts : [],
      values,
      sizes: new Map(),
    };
    return graphOfNest(
      r.b,
      nest,
      [...this.buffers.keys()].map((value) => r.value(value)),
    );
  }

  /** How far loops run: what is indexed by one loop alone tells. */
  private noteExtents({ type }: Value, map: AffineMap): void {
    map.results.forEach((result, axis) => {
      if (result.kind === "dim") this.extents[result.position] ??= type.shape[axis];
    });
  }

  /** The parallel loops, in the order of the result's axes. */
  private orderOf({ results }: AffineMap, isReduction: readonly boolean[]): readonly number[] {
    const order = results.map((result) => (result.kind === "dim" ? result.position : -1));
    const isProper = order.every((at) => at >= 0 && !isReduction[at]) && new Set(order).size === order.length;
    if (isProper && order.length === isReduction.filter((is) => !is).length) return order;
    throw new Unsupported("keratin", "a linalg.generic whose results are not indexed by its parallel loops", {
      where: placeOf(this.op),
    });
  }

  private bufferOf(value: MlirValue): Buffer {
    const known = this.buffers.get(value);
    if (known !== undefined) return known;
    const { dtype, shape } = this.r.value(value).type;
    const buffer = makeBuffer(`x${this.buffers.size}`, dtype, shape, "global");
    this.buffers.set(value, buffer);
    return buffer;
  }

  private access(value: MlirValue, map: AffineMap): Expr {
    return load(
      this.bufferOf(value),
      map.results.map((result) => affineExpr(result, this.variables, [])),
    );
  }

  /** What the body yields. */
  private body(outputs: readonly Expr[]): readonly Expr[] {
    const { op } = this;
    const [block] = op.regions[0].blocks;
    const inputs = op.operands.length - outputs.length;
    block.args.forEach((arg, i) => {
      this.scalars.set(arg, i < inputs ? this.access(op.operands[i], this.maps[i]) : outputs[i - inputs]);
    });
    for (const inner of block.operations) {
      if (inner.name === "linalg.yield") return inner.operands.map((operand) => this.scalar(operand));
      this.scalars.set(inner.result, this.step(inner));
    }
    throw unknown(op);
  }

  private scalar(value: MlirValue): Expr {
    // What is defined outside is a tensor without axes.
    return this.scalars.get(value) ?? load(this.bufferOf(value), []);
  }

  private step(op: Operation): Expr {
    if (op.name === "linalg.index") return this.variables[Number(op.attribute("dim")?.integer)];
    if (op.name === "tensor.extract") {
      const [source, ...index] = op.operands;
      return load(
        this.bufferOf(source),
        index.map((at) => this.scalar(at)),
      );
    }
    const value = readScalar(
      op,
      op.operands.map((operand) => this.scalar(operand)),
    );
    if (value === undefined) throw unknown(op);
    return value;
  }
}

/** arith and math apply to tensors element by element. */
function elementwise(r: TensorReader, op: Operation): readonly Value[] {
  const operands = r.operands(op);
  const shape = operands[0].type.shape;
  const parallel = shape.map((extent, axis) => ({ variable: makeVar(`d${axis}`), extent }));
  const index = parallel.map(({ variable }) => read(variable));
  const buffers = operands.map(({ type }, i) => makeBuffer(`x${i}`, type.dtype, type.shape, "global"));
  // A select may ask one condition for all.
  const args = buffers.map((buffer) => load(buffer, buffer.shape.length === shape.length ? index : []));
  const value = readScalar(op, args);
  if (value === undefined) throw unknown(op);
  const results = [tensorType(value.dtype, shape)];
  const nest: Nest = {
    parallel,
    reduction: [],
    operands: buffers,
    results,
    state: [],
    init: [],
    values: [value],
    sizes: new Map(),
  };
  return graphOfNest(r.b, nest, operands);
}

const constant: ReadWord = (r, op) => {
  const value = op.attribute("value");
  if (value?.kind === "dense" || value?.kind === "resource") return [r.b.constant(r.array(value, op))];
  const scalar = readScalar(op, []);
  if (scalar?.kind !== "const") throw unknown(op);
  return [r.b.full({ dtype: scalar.dtype, shape: [] }, scalar.value)];
};

/** Sizes that are numbers; those that come as operands are not known here. */
function fixed(r: TensorReader, op: Operation, name: string): readonly number[] {
  const numbers = r.numbers(op, name);
  if (numbers.every((number) => Math.abs(number) < 2 ** 53)) return numbers;
  throw new Unsupported("keratin", `${op.name} with sizes that are computed`, { where: placeOf(op) });
}

/** What a tensor.pad fills with. */
function fillOf(r: TensorReader, op: Operation): number {
  const [block] = op.regions[0].blocks;
  for (const inner of block.operations) if (inner.name !== "tensor.yield") r.operation(inner);
  const value = block.last && splatOf(r.value(block.last.operands[0]));
  if (value === undefined) throw unknown(op);
  return value;
}

/** The tensor with a part replaced: by a mask, since ops of ours write nothing in place. */
const insertSlice: ReadWord = (r, op) => {
  const [part, whole] = r.operands(op);
  const [offsets, sizes, strides] = ["static_offsets", "static_sizes", "static_strides"].map((name) =>
    fixed(r, op, name),
  );
  const { shape } = whole.type;
  const spread = r.b.reshape(part, sizes);
  const high = shape.map(
    (size, axis) => Number(size) - offsets[axis] - ((sizes[axis] - 1) * strides[axis] + 1),
  );
  const attrs = { low: offsets, high, interior: strides.map((stride) => stride - 1), value: 0 };
  const mask = r.b.op("pad", [r.b.full({ dtype: "i32", shape: sizes }, 1)], attrs);
  return [r.b.select(r.cast(mask, "bool"), r.b.op("pad", [spread], attrs), whole)];
};

const zeros: ReadWord = (r, op) => [r.b.full(r.resultType(op), 0)];
const reshaped: ReadWord = (r, op) => [r.b.reshape(r.operands(op)[0], r.resultType(op).shape)];

const words: { readonly [operation: string]: ReadWord } = {
  "arith.constant": constant,
  "linalg.generic": (r, op) => new GenericReader(r, op).read(),
  "linalg.fill": (r, op) => {
    const [value, target] = r.operands(op);
    return [r.b.broadcastTo(value, target.type.shape)];
  },
  "tensor.empty": zeros,
  "bufferization.alloc_tensor": zeros,
  "tensor.dim": (r, op) => {
    const axis = splatOf(r.value(op.operands[1]));
    if (axis === undefined) throw unknown(op);
    return [r.b.dim(r.value(op.operands[0]).type.shape[axis], "i32")];
  },
  "tensor.cast": (r, op) => r.operands(op),
  "tensor.collapse_shape": reshaped,
  "tensor.expand_shape": reshaped,
  "tensor.extract_slice": (r, op) => {
    const [offsets, sizes, strides] = ["static_offsets", "static_sizes", "static_strides"].map((name) =>
      fixed(r, op, name),
    );
    const limits = offsets.map((offset, axis) => offset + (sizes[axis] - 1) * strides[axis] + 1);
    return [r.b.reshape(r.b.slice(r.operands(op)[0], offsets, limits, strides), r.resultType(op).shape)];
  },
  "tensor.insert_slice": insertSlice,
  "tensor.pad": (r, op) => {
    const [low, high] = [fixed(r, op, "static_low"), fixed(r, op, "static_high")];
    return [
      r.b.op("pad", [r.value(op.operands[0])], {
        low,
        high,
        interior: low.map(() => 0),
        value: fillOf(r, op),
      }),
    ];
  },
  "tensor.concat": (r, op) => [r.b.op("concat", r.operands(op), { axis: r.numbers(op, "dim")[0] })],
  "tensor.splat": (r, op) => [r.b.broadcastTo(r.operands(op)[0], r.resultType(op).shape)],
  "tensor.from_elements": (r, op) => {
    const parts = r.operands(op).map((value) => r.b.reshape(value, [1]));
    return [r.b.reshape(r.b.op("concat", parts, { axis: 0 }), r.resultType(op).shape)];
  },
};

/** Words for linalg, tensor, arith and math. */
export const linalgWords: Words = (name) => {
  if (Object.hasOwn(words, name)) return words[name];
  return /^(arith|math)\./.test(name) ? elementwise : undefined;
};
