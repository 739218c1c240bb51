/**
 * The bridge to TOSA as MLIR 19 has it, in generic text. It has words for networks, not for everything: what is missing is named.
 */
import type { Builder } from "../../ir/builder.ts";
import { isFloat } from "../../ir/dtype.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Module, Op, Value } from "../../ir/graph.ts";
import { resolve } from "../../ir/ops/reduce.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { type NamedDialect, type NamedOptions, type NamedText, toNamed, type Word } from "./named-text.ts";
import { signless } from "./scalar-text.ts";
import { contract } from "./tosa-products.ts";
import { array, filled, numbers, reshaped, transposed, typesOf } from "./tosa-shapes.ts";

/** The module as TOSA. Throws Unsupported for what it has no words for. */
export const toTosa = (module: Module, options: NamedOptions): string => toNamed(module, tosa, options);

const simple =
  (name: string, attrs: (op: Op) => string = () => ""): Word =>
  (text, op, operands) => [text.emit(`tosa.${name}`, operands, typesOf(op), op.results[0].type, attrs(op))];

const multiply = simple("mul", () => "shift = 0 : i8");

const composed =
  (build: (b: Builder, operands: readonly Value[]) => Value): Word =>
  (text, op, operands) =>
    text.compose(op, operands, (b) => [build(b, op.operands)]);

const reciprocal = (text: NamedText, value: string, type: TensorType): string =>
  text.emit("tosa.reciprocal", [value], [type], type);

const divide: Word = (text, op, [x, y]) => {
  const [type] = typesOf(op);
  if (!isFloat(type.dtype))
    throw new Unsupported("TOSA", "division of integers", { where: op.loc || undefined });
  return [text.emit("tosa.mul", [x, reciprocal(text, y, type)], [type, type], type, "shift = 0 : i8")];
};

const squareRoot: Word = (text, op, [x]) => {
  const [type] = typesOf(op);
  return [text.emit("tosa.pow", [x, filled(text, type, 0.5)], [type, type], type)];
};

/** Axes of size 1 where the operand has none, then tiles. */
const broadcast: Word = (text, op, [x]) => {
  const [type] = typesOf(op);
  const axes = numbers(op, "axes");
  const { dtype, shape } = op.results[0].type;
  const sorted = [...axes].sort((a, b) => a - b);
  if (sorted.join() !== axes.join())
    return text.compose(op, [x], (b) => [
      b.broadcast(
        b.transpose(
          op.operands[0],
          sorted.map((axis) => axes.indexOf(axis)),
        ),
        shape,
        sorted,
      ),
    ]);
  const thin = tensorType(
    dtype,
    shape.map((dim, axis) => (axes.includes(axis) ? dim : 1)),
  );
  const spread = reshaped(text, x, type, thin);
  const multiples = shape.map((dim, axis) => (axes.includes(axis) ? 1 : Number(dim)));
  if (multiples.every((count) => count === 1)) return [spread];
  return [text.emit("tosa.tile", [spread], [thin], op.results[0].type, `multiples = ${array(multiples)}`)];
};

const pad: Word = (text, op, [x]) => {
  const [type] = typesOf(op);
  const [low, high, interior] = ["low", "high", "interior"].map((name) => numbers(op, name));
  if (interior.some((between) => between > 0)) return text.apart(op, [x]);
  const rank = low.length;
  const sizes = text.constant({
    dtype: "i32",
    shape: [rank, 2],
    data: Int32Array.from(low.flatMap((n, axis) => [n, high[axis]])),
  });
  const fill = filled(text, tensorType(type.dtype, []), Number(op.attrs.value));
  return [
    text.emit(
      "tosa.pad",
      [x, sizes, fill],
      [type, tensorType("i32", [rank, 2]), tensorType(type.dtype, [])],
      op.results[0].type,
    ),
  ];
};

const slice: Word = (text, op, [x]) => {
  const [type] = typesOf(op);
  if (numbers(op, "strides").some((stride) => stride !== 1)) return text.apart(op, [x]);
  const attrs = `start = ${array(numbers(op, "starts"))}, size = ${array(op.results[0].type.shape.map(Number))}`;
  return [text.emit("tosa.slice", [x], [type], op.results[0].type, attrs)];
};

/** One axis after the other; each stays with size 1 until the end. */
function reduceAxes(text: NamedText, op: Op, x: string, operation: string): readonly string[] | undefined {
  let [type] = typesOf(op);
  const { spec } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [type.shape]);
  const isPlain = spec.operands[0].every((index) => index.length === 1 && index[0].factor === 1);
  const order = spec.operands[0].flatMap(([term]) => (spec.kept.includes(term.axis) ? [term.axis] : []));
  if (!isPlain || order.join() !== spec.kept.join()) return undefined;
  let value = x;
  spec.operands[0].forEach(([term], axis) => {
    if (spec.kept.includes(term.axis)) return;
    const next = tensorType(
      type.dtype,
      type.shape.map((dim, i) => (i === axis ? 1 : dim)),
    );
    value = text.emit(`tosa.${operation}`, [value], [type], next, `axis = ${axis} : i32`);
    type = next;
  });
  return [reshaped(text, value, type, op.results[0].type)];
}

/** Windows on the middle axes of an image. */
function pool(text: NamedText, op: Op, x: string): string | undefined {
  const [type] = typesOf(op);
  const { spec, reduced } = resolve(op.attrs as { spec: string; sizes?: readonly string[] }, [type.shape]);
  const [n, h, w, c] = spec.operands[0];
  const isImage =
    spec.operands[0].length === 4 && [n, c].every((index) => index.length === 1 && index[0].factor === 1);
  if (!isImage || spec.kept.length !== 4) return undefined;
  const windows = [h, w].map((index, i) => {
    const outer = index.find(({ axis }) => axis === spec.kept[i + 1]);
    const inner = index.find(({ axis }) => spec.reduced.includes(axis));
    const size = inner === undefined ? 1 : Number(reduced[spec.reduced.indexOf(inner.axis)]);
    return outer === undefined || (inner?.factor ?? 1) !== 1 ? undefined : { size, stride: outer.factor };
  });
  const [rows, columns] = windows;
  if (rows === undefined || columns === undefined) return undefined;
  const { dtype, shape } = op.results[0].type;
  // TOSA wants windows to fit exactly.
  const used = [rows, columns].map(({ size, stride }, i) => (Number(shape[i + 1]) - 1) * stride + size);
  const fitting = tensorType(dtype, [type.shape[0], used[0], used[1], type.shape[3]]);
  const cut = used.every((size, i) => size === type.shape[i + 1])
    ? x
    : text.emit(
        "tosa.slice",
        [x],
        [type],
        fitting,
        `start = ${array([0, 0, 0, 0])}, size = ${array(fitting.shape.map(Number))}`,
      );
  const attrs = `kernel = ${array([rows.size, columns.size])}, stride = ${array([rows.stride, columns.stride])}, pad = ${array([0, 0, 0, 0])}`;
  return text.emit("tosa.max_pool2d", [cut], [fitting], op.results[0].type, attrs);
}

const maximum: Word = (text, op, [x]) => {
  if (text.isUsed(op.results[1]))
    throw new Unsupported("TOSA", "the position of a maximum", { where: op.loc || undefined });
  const plain = reduceAxes(text, op, x, "reduce_max")?.[0] ?? pool(text, op, x);
  if (plain === undefined)
    throw new Unsupported("TOSA", "a maximum over such windows", { where: op.loc || undefined });
  return [plain, plain];
};

const fold =
  (operation: string): Word =>
  (text, op, [x]) => {
    const found = reduceAxes(text, op, x, operation);
    if (found === undefined)
      throw new Unsupported("TOSA", "a sum over windows", { where: op.loc || undefined });
    return found;
  };

const swapped =
  (name: string): Word =>
  (text, op, [x, y]) => [text.emit(`tosa.${name}`, [y, x], [...typesOf(op)].reverse(), op.results[0].type)];

const cast: Word = (text, op, operands) => {
  const [from, to] = [typesOf(op)[0].dtype, op.results[0].type.dtype];
  if (/^u/.test(from) || /^u/.test(to))
    throw new Unsupported("TOSA", `a cast of ${from} to ${to}`, { where: op.loc || undefined });
  if (!isFloat(from) || isFloat(to) || to === "bool") return simple("cast")(text, op, operands);
  // TOSA rounds to the nearest integer.
  const [type] = typesOf(op);
  const whole = text.compose(op, operands, (b) => [b.op("trunc", [op.operands[0]])]);
  return [text.emit("tosa.cast", whole, [type], op.results[0].type)];
};

/** Each element is its place along an axis: with constant shapes, a constant. */
const iota: Word = (text, op) => {
  const { dtype, shape } = op.results[0].type;
  const sizes = shape.map(Number);
  const axis = Number(op.attrs.axis);
  const size = sizes.reduce((product, dim) => product * dim, 1);
  const inner = sizes.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const values = Array.from({ length: size }, (_, i) => Math.floor(i / inner) % sizes[axis]);
  const data = isFloat(dtype) ? Float32Array.from(values) : Int32Array.from(values);
  return [text.constant({ dtype, shape: sizes, data })];
};

/** TOSA gathers rows of tables: the axis comes first, numbers are clamped into range before. */
const gather: Word = (text, op, [x, at]) => {
  const [type, indices] = typesOf(op);
  const axis = Number(op.attrs.axis);
  const rank = indices.shape.length;
  const size = Number(type.shape[axis]);
  const rest = type.shape.flatMap((_, i) => (i === axis ? [] : [i]));
  const first = transposed(text, x, type, [axis, ...rest]);
  const count = (dims: TensorType["shape"]): number =>
    dims.reduce<number>((product, dim) => product * Number(dim), 1);
  const width = count(first.type.shape.slice(1));
  const table = tensorType(type.dtype, [1, size, width]);
  const wanted = tensorType("i32", [1, count(indices.shape)]);
  const [clamped] = text.compose(op, [x, at], (b) => [b.min(b.max(op.operands[1], 0), size - 1)]);
  const picked = tensorType(type.dtype, [1, count(indices.shape), width]);
  const rows = text.emit(
    "tosa.gather",
    [reshaped(text, first.value, first.type, table), reshaped(text, clamped, indices, wanted)],
    [table, wanted],
    picked,
  );
  const open = tensorType(type.dtype, [...indices.shape, ...rest.map((i) => type.shape[i])]);
  const before = rest.filter((i) => i < axis).length;
  const order = [
    ...Array.from({ length: before }, (_, i) => rank + i),
    ...Array.from({ length: rank }, (_, i) => i),
    ...Array.from({ length: rest.length - before }, (_, i) => rank + before + i),
  ];
  return [transposed(text, reshaped(text, rows, picked, open), open, order).value];
};

/** By kind of element. */
const logical =
  (bits: string, truth: string): Word =>
  (text, op, operands) =>
    simple(op.results[0].type.dtype === "bool" ? truth : bits)(text, op, operands);

const tosa: NamedDialect = {
  name: "TOSA",
  type: ({ dtype, shape }) => {
    if (/^u/.test(dtype)) throw new Unsupported("TOSA", `numbers of type ${dtype}`);
    return `tensor<${shape.map((dim) => `${dim}x`).join("")}${signless(dtype)}>`;
  },
  constant: (text, value) => {
    const type = `tensor<${value.shape.map((dim) => `${dim}x`).join("")}${signless(value.dtype)}>`;
    const elements = text.elements(value).replace(/ : tensor<.*>$/, ` : ${type}`);
    return text.define(`"tosa.const"() {value = ${elements}} : () -> ${type}`);
  },
  words: {
    add: simple("add"), sub: simple("sub"), mul: multiply, div: divide, neg: simple("negate"), abs: simple("abs"),
    min: simple("minimum"), max: simple("maximum"), floor: simple("floor"), ceil: simple("ceil"), exp: simple("exp"), log: simple("log"),
    tanh: simple("tanh"), sigmoid: simple("sigmoid"), erf: simple("erf"), pow: simple("pow"), rsqrt: simple("rsqrt"), sqrt: squareRoot,
    lt: swapped("greater"), le: swapped("greater_equal"), eq: simple("equal"),
    ne: composed((b, [x, y]) => b.op("not", [b.op("eq", [x, y])])),
    and: logical("bitwise_and", "logical_and"), or: logical("bitwise_or", "logical_or"), xor: logical("bitwise_xor", "logical_xor"),
    not: logical("bitwise_not", "logical_not"), select: simple("select"), cast,
    fma: composed((b, [x, y, z]) => b.op("add", [b.op("mul", [x, y]), z])),
    trunc: composed((b, [x]) => b.op("select", [b.binary("lt", x, 0), b.op("ceil", [x]), b.op("floor", [x])])),
    relu: composed((b, [x]) => b.max(x, 0)),
    stop_gradient: (_text, _op, operands) => operands,
    bitcast: (text, op, operands) => {
      if (op.operands[0].type.dtype === op.results[0].type.dtype) return operands;
      throw text.unsupported(op);
    },
    dim: (text, op) => [filled(text, op.results[0].type, Number(op.attrs.dim))],
    reshape: (text, op, [x]) => [reshaped(text, x, typesOf(op)[0], op.results[0].type)],
    transpose: (text, op, [x]) => [transposed(text, x, typesOf(op)[0], numbers(op, "permutation")).value],
    reverse: (text, op, [x]) => {
      const [type] = typesOf(op);
      return [numbers(op, "axes").reduce((value, axis) => text.emit("tosa.reverse", [value], [type], type, `axis = ${axis} : i32`), x)];
    },
    broadcast, slice, pad, contract, iota, gather, reduce_max: maximum,
    reduce_sum: fold("reduce_sum"), reduce_prod: fold("reduce_prod"),
    concat: simple("concat", (op) => `axis = ${op.attrs.axis} : i32`),
  }, // biome-ignore format: by family
};
