/**
 * `random_bits`: threefry2x32 in counter mode (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Only add, rotate and xor,
 * so every target draws the same bits. Element i comes from the block with counter (0, i) under the key, as in JAX: its two words combined by
 * xor for random bits, both of them for new keys. So the same seed gives the same numbers as Keras on JAX.
 */
import { getElement, setElement } from "../elements.ts";
import { ModelError } from "../errors.ts";
import { add, bitcast, cast, constant, type Expr, int, mul, scalar } from "../kernel.ts";
import type { OpDef, Read } from "../op.ts";
import { printType, type TensorType, tensorType } from "../type.ts";
import { type DimsAttr, dimsOf } from "./movement.ts";

/** Rotation distances of the 20 rounds: two groups of four, alternating. */
const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const parity = 0x1bd11bda;

/** Threefry is written once, over any arithmetic on 32-bit words. */
interface Words<W> {
  add(a: W, b: W): W;
  xor(a: W, b: W): W;
  rotate(a: W, bits: number): W;
  word(value: number): W;
}

function threefry<W>(
  { add, xor, rotate, word }: Words<W>,
  key: readonly [W, W],
  counter: readonly [W, W],
): [W, W] {
  const keys = [key[0], key[1], xor(xor(key[0], key[1]), word(parity))];
  let x = add(counter[0], keys[0]);
  let y = add(counter[1], keys[1]);
  for (let group = 0; group < 5; group++) {
    for (const distance of rotations[group % 2]) {
      x = add(x, y);
      y = xor(rotate(y, distance), x);
    }
    x = add(x, keys[(group + 1) % 3]);
    y = add(add(y, keys[(group + 2) % 3]), word(group + 1));
  }
  return [x, y];
}

const numbers: Words<number> = {
  add: (a, b) => (a + b) >>> 0,
  xor: (a, b) => (a ^ b) >>> 0,
  rotate: (a, bits) => ((a << bits) | (a >>> (32 - bits))) >>> 0,
  word: (value) => value >>> 0,
};

/** What element number `counter` of `random_bits` holds under `key`. */
export function randomWord(key: readonly [number, number], counter: number): number {
  const [x, y] = threefry(numbers, key, [0, counter >>> 0]);
  return (x ^ y) >>> 0;
}

const u32 = (value: number): Expr => constant(value, "u32");

const exprs: Words<Expr> = {
  add,
  xor: (a, b) => scalar("xor", a, b),
  rotate: (a, bits) => scalar("or", scalar("shl", a, u32(bits)), scalar("shr", a, u32(32 - bits))),
  word: u32,
};

function requireKey(key: TensorType): void {
  if (key.dtype === "u32" && key.shape.length === 1 && key.shape[0] === 2) return;
  throw new ModelError("the key must be u32[2]", { got: printType(key) });
}

/** Both words of block number `counter` under the key that is operand 0. */
function blockOf(counter: Expr, read: Read): [Expr, Expr] {
  const key: [Expr, Expr] = [read(0, [int(0)]), read(0, [int(1)])];
  return threefry(exprs, key, [u32(0), bitcast(cast(counter, "i32"), "u32")]);
}

export const randomBits: OpDef<{ readonly shape: DimsAttr }> = {
  name: "random_bits",
  doc: "Uniform 32-bit words, the same on every target, from a key of two words.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["shape"],
  infer([key], { shape }) {
    requireKey(key);
    return [tensorType("u32", dimsOf(shape))];
  },
  evaluate([key], _attrs, context) {
    const out = context.allocate(0);
    const words: [number, number] = [getElement(key, 0), getElement(key, 1)];
    for (let i = 0; i < out.data.length; i++) setElement(out, i, randomWord(words, i));
    return [out];
  },
  gradient: "zero",
  lower: {
    kind: "map",
    at(ctx, index, read) {
      const { shape } = ctx.results[0];
      const flat = index.reduce<Expr>(
        (sum, i, axis) => (axis === 0 ? i : add(mul(sum, ctx.extent(shape[axis])), i)),
        int(0),
      );
      const [x, y] = blockOf(flat, read);
      return exprs.xor(x, y);
    },
  },
  samples: [{ operands: [tensorType("u32", [2])], attrs: { shape: [3, 5] }, range: [0, 4e9] }],
};

export const randomKeys: OpDef<{ readonly count: number }> = {
  name: "random_keys",
  doc: "New keys, u32[count, 2], whose streams have nothing to do with each other or with that of the key they come from.",
  tolerance: "exact",
  arity: [1, 1],
  attrNames: ["count"],
  infer([key], { count }) {
    requireKey(key);
    return [tensorType("u32", [count, 2])];
  },
  evaluate([key], { count }, context) {
    const out = context.allocate(0);
    const words: [number, number] = [getElement(key, 0), getElement(key, 1)];
    for (let i = 0; i < count; i++) {
      threefry(numbers, words, [0, i]).forEach((word, at) => setElement(out, 2 * i + at, word));
    }
    return [out];
  },
  gradient: "zero",
  lower: {
    kind: "map",
    at(_ctx, [number, word], read) {
      const [x, y] = blockOf(number, read);
      return scalar("select", scalar("eq", word, int(0)), x, y);
    },
  },
  samples: [{ operands: [tensorType("u32", [2])], attrs: { count: 3 }, range: [0, 4e9] }],
};
