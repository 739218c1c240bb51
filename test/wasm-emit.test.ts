// The WASM emitter on kernels built by hand: what it computes, against the interpreter bit by bit, and what the code looks like where
// speed depends on it.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { addDims, type Dim, mulDims, symbol } from "../ir/dim.ts";
import { Unsupported } from "../ir/errors.ts";
import {
  add,
  type Buffer,
  bitcast,
  cast,
  constant,
  type Expr,
  extract,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  type Stmt,
  scalar,
  splat,
  store,
  sub,
} from "../ir/kernel.ts";
import type { Slot } from "../ir/program.ts";
import { emitWasm } from "../targets/wasm/emit.ts";
import { countOps, disassemble, innermostLoop } from "./support/wasm-disassemble.ts";
import {
  at,
  bundleOf,
  globalBuffer,
  ifOf,
  input,
  kernelOf,
  launch,
  letOf,
  loopOf,
  matmulTile,
  output,
  programOf,
  register,
  slotOf,
  VECTOR,
} from "./support/wasm-kernels.ts";
import { assertAgrees, numbers } from "./support/wasm-run.ts";

const n = symbol("n");

/** A bundle of one launch whose arguments are inputs, then outputs, with the sizes and dtypes of the kernel's buffers. */
function single(kernel: Kernel): ReturnType<typeof bundleOf> {
  const inputs: Slot[] = [];
  const outputs: Slot[] = [];
  const args = kernel.params.map(({ buffer, access }) => {
    const list = access === "read" ? inputs : outputs;
    const slot = (access === "read" ? input : output)(list.length, buffer.shape[0] ?? 1, buffer.dtype);
    list.push(slot);
    return slot;
  });
  const symbols = kernel.dims.map((dim) => dim.symbol);
  return bundleOf([
    programOf("main", inputs, outputs, [launch(kernel, args, symbols.map(symbol))], { symbols }),
  ]);
}

const reads = (...buffers: readonly Buffer[]): (readonly ["read", Buffer])[] =>
  buffers.map((buffer) => ["read", buffer]);
const writes = (...buffers: readonly Buffer[]): (readonly ["readwrite", Buffer])[] =>
  buffers.map((buffer) => ["readwrite", buffer]);

/** c = a + b: vectors of four, then the rest one by one. */
function addKernel(size: Dim, count: Expr, dims: Kernel["dims"] = []): Kernel {
  const [a, b, c] = ["a", "b", "c"].map((name) => globalBuffer(name, size));
  const sum = (i: Expr, lanes: number): Stmt => store(c, [i], add(load(a, [i], lanes), load(b, [i], lanes)));
  const blocks = scalar("floordiv", count, int(VECTOR));
  const rest = scalar("mod", count, int(VECTOR));
  return kernelOf(
    "add",
    [...reads(a, b), ...writes(c)],
    [
      loopOf("block", blocks, (i) => [sum(mul(i, int(VECTOR)), VECTOR)]),
      loopOf("rest", rest, (i) => [sum(add(mul(blocks, int(VECTOR)), i), 1)]),
    ],
    dims,
  );
}

test("elementwise: vectors and a scalar tail, of constant and of symbolic size", () => {
  const size = makeVar("n");
  const symbolic = addKernel(n, read(size), [{ symbol: "n", var: size }]);
  for (const count of [0, 1, 3, 4, 7, 64, 1003]) {
    assertAgrees(single(addKernel(count, int(count))), [numbers(count), numbers(count, 2)]);
    assertAgrees(single(symbolic), [numbers(count), numbers(count, 2)], new Map([["n", count]]));
  }
});

test("the register tile of a matrix product computes it", () => {
  const [m, columns, k] = [12, 24, 20];
  const [c] = assertAgrees(single(matmulTile(m, columns, k)), [numbers(m * k), numbers(k * columns, 2)]);
  const [a, b] = [numbers(m * k), numbers(k * columns, 2)];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum = Math.fround(sum + Math.fround(a[i * k + p] * b[(j >> 3) * 8 * k + p * 8 + (j & 7)]));
      }
      assert.is(c[i * columns + j], sum);
    }
  }
});

test("the innermost loop of the tile is loads, arithmetic, two increments and one branch", () => {
  const expected = {
    "v128.load": 2,
    "v128.load32_splat": 4,
    "f32x4.mul": 8,
    "f32x4.add": 8,
    "i32.add": 2,
    "i32.const": 2,
    "i32.ne": 1,
    br_if: 1,
  };
  const size = 64;
  const product = matmulTile(size, size, size);
  const arena = [0, 1, 2].map((i) => slotOf(`m${i}`, { kind: "arena" }, size * size, 4 * size * size * i));
  const fixed = bundleOf([
    programOf("main", [], [], [launch(product, arena)], { arenaBytes: 12 * size * size }),
  ]);
  for (const bundle of [fixed, single(product)]) {
    const {
      "local.get": _gets,
      "local.set": _sets,
      "local.tee": _tees,
      ...rest
    } = countOps(innermostLoop(disassemble(emitWasm(bundle).bytes)[0]));
    assert.equal(rest, expected);
  }
});

test("arrays at constant addresses that are walked in step share one pointer", () => {
  const size = 256;
  const kernel = addKernel(size, int(size));
  const slots = [0, 1, 2].map((i) => slotOf(`m${i}`, { kind: "arena" }, size, 4 * size * i));
  const { bytes } = emitWasm(
    bundleOf([programOf("main", [], [], [launch(kernel, slots)], { arenaBytes: 12 * size })]),
  );
  const counts = countOps(innermostLoop(disassemble(bytes)[0]));
  assert.is(counts["i32.add"], 1);
  assert.is(counts["i32.mul"], undefined);
  assert.is(counts.br_if, 1);
});

/** A 3 x 3 convolution of an image with halo: [h + 2, w + 2, c] with [3, 3, c, 4] gives [h, w, 4], two columns at a time. */
function convTile(h: number, w: number, c: number): Kernel {
  const [x, f, y] = [
    globalBuffer("x", (h + 2) * (w + 2) * c),
    globalBuffer("f", 9 * c * VECTOR),
    globalBuffer("y", h * w * VECTOR),
  ];
  const acc = [register("acc0", VECTOR), register("acc1", VECTOR)];
  const row = (w + 2) * c;
  const step = (i: Expr, jo: Expr, di: Expr, dj: Expr, p: Expr): Stmt[] => {
    const [weightLet, weight] = letOf(
      "weight",
      load(f, [at(mul(p, int(VECTOR)), [di, 3 * c * VECTOR], [dj, c * VECTOR])], VECTOR),
    );
    const pixel = (j: number): Expr =>
      load(x, [at(add(p, int(j * c)), [i, row], [di, row], [jo, 2 * c], [dj, c])]);
    return [
      weightLet,
      ...acc.map((buffer, j) =>
        store(buffer, [], scalar("fma", splat(pixel(j), VECTOR), weight, load(buffer, []))),
      ),
    ];
  };
  const body = (i: Expr, jo: Expr): Stmt[] => [
    ...acc.map((buffer): Stmt => ({ kind: "alloc", buffer })),
    ...acc.map((buffer) => store(buffer, [], constant(0, "f32", VECTOR))),
    loopOf("di", 3, (di) => [loopOf("dj", 3, (dj) => [loopOf("p", c, (p) => step(i, jo, di, dj, p))])]),
    ...acc.map((buffer, j) => {
      const relu = scalar("max", load(buffer, []), constant(0, "f32", VECTOR));
      return store(y, [at(int(j * VECTOR), [i, w * VECTOR], [jo, 2 * VECTOR])], relu);
    }),
  ];
  return kernelOf(
    "conv",
    [...reads(x, f), ...writes(y)],
    [loopOf("i", h, (i) => [loopOf("jo", w / 2, (jo) => body(i, jo))])],
  );
}

test("a 3 x 3 convolution with halo, fma and relu", () => {
  const [h, w, c] = [5, 6, 3];
  const kernel = convTile(h, w, c);
  // The interpreter's fma rounds once, ours twice: small integers make both exact.
  const whole = (count: number, seed: number): Float32Array =>
    numbers(count, seed).map((value) => Math.round(8 * value));
  assertAgrees(single(kernel), [whole((h + 2) * (w + 2) * c, 1), whole(9 * c * VECTOR, 2)]);
});

test("reductions: a sum in vector lanes, and a maximum with its index", () => {
  const size = 36;
  const [x, y, z] = [globalBuffer("x", size), globalBuffer("y", 2), globalBuffer("z", 1, "i32")];
  const [sum, best, where] = [register("sum", VECTOR), register("best"), register("where", 1, "i32")];
  const lanes = [0, 1, 2, 3].map((lane) => extract(load(sum, []), lane));
  const kernel = kernelOf(
    "reduce",
    [...reads(x), ...writes(y, z)],
    [
      ...[sum, best, where].map((buffer): Stmt => ({ kind: "alloc", buffer })),
      store(sum, [], constant(0, "f32", VECTOR)),
      store(best, [], constant(-Infinity, "f32")),
      store(where, [], int(0)),
      loopOf("i", size / VECTOR, (i) => [
        store(sum, [], add(load(sum, []), load(x, [mul(i, int(VECTOR))], VECTOR))),
      ]),
      loopOf("i", size, (i) => {
        const [valueLet, value] = letOf("value", load(x, [i]));
        const [greaterLet, greater] = letOf("greater", scalar("lt", load(best, []), value));
        return [
          valueLet,
          greaterLet,
          store(best, [], scalar("select", greater, value, load(best, []))),
          store(where, [], scalar("select", greater, i, load(where, []))),
        ];
      }),
      store(y, [int(0)], lanes.reduce(add)),
      store(y, [int(1)], load(best, [])),
      store(z, [int(0)], load(where, [])),
    ],
  );
  assertAgrees(single(kernel), [numbers(size)]);
});

test("local buffers, if and else, conditions on counters", () => {
  const size = 10;
  const [x, y] = [globalBuffer("x", size), globalBuffer("y", size)];
  const scratch = makeBuffer("scratch", "f32", [size + 2], "local");
  const kernel = kernelOf(
    "smooth",
    [...reads(x), ...writes(y)],
    [
      { kind: "alloc", buffer: scratch },
      loopOf("i", size + 2, (i) => [
        ifOf(
          scalar("and", scalar("lt", int(0), i), scalar("le", i, int(size))),
          [store(scratch, [i], load(x, [sub(i, int(1))]))],
          [store(scratch, [i], constant(0, "f32"))],
        ),
      ]),
      loopOf("i", size, (i) => [store(y, [i], add(load(scratch, [i]), load(scratch, [add(i, int(2))])))]),
    ],
  );
  assertAgrees(single(kernel), [numbers(size)]);
});

test("addresses below the buffer that are never accessed do not trap", () => {
  const size = 8;
  const [x, y] = [globalBuffer("x", size), globalBuffer("y", size)];
  const shift = 40; // Further down than the guard reaches.
  const kernel = kernelOf(
    "shift",
    [...reads(x), ...writes(y)],
    [
      loopOf("i", size, (i) => [
        store(y, [i], load(x, [i])),
        ifOf(scalar("lt", i, int(0)), [store(y, [i], load(x, [sub(i, int(shift))]))]),
      ]),
    ],
  );
  assertAgrees(single(kernel), [numbers(size)]);
});

test("gathers: indices from memory, clamped, and through let", () => {
  const [rows, width, count] = [7, 6, 5];
  const [table, ids, y] = [
    globalBuffer("table", rows * width),
    globalBuffer("ids", count, "i32"),
    globalBuffer("y", 2 * count * width),
  ];
  const kernel = kernelOf(
    "gather",
    [...reads(table, ids), ...writes(y)],
    [
      loopOf("i", count, (i) => {
        const clamped = scalar("min", scalar("max", load(ids, [i]), int(0)), int(rows - 1));
        const [idLet, id] = letOf("id", clamped);
        return [
          idLet,
          loopOf("j", width, (j) => [
            store(y, [at(j, [i, width])], load(table, [at(j, [id, width])])),
            store(y, [at(add(j, int(count * width)), [i, width])], load(table, [at(j, [clamped, width])])),
          ]),
        ];
      }),
    ],
  );
  assertAgrees(single(kernel), [numbers(rows * width), Int32Array.of(3, -5, 6, 100, 0)]);
});

test("casts from bytes, masks in memory, bits of floats", () => {
  const size = 12;
  const [x, y, z, m] = [
    globalBuffer("x", size, "u8"),
    globalBuffer("y", size),
    globalBuffer("z", size, "i32"),
    globalBuffer("m", size, "bool"),
  ];
  const kernel = kernelOf(
    "bytes",
    [...reads(x), ...writes(y, z, m)],
    [
      loopOf("i", size / VECTOR, (i) => {
        const index = mul(i, int(VECTOR));
        const [valueLet, value] = letOf("value", cast(load(x, [index], VECTOR), "f32"));
        const [maskLet, mask] = letOf("mask", scalar("lt", constant(100, "f32"), value));
        return [
          valueLet,
          maskLet,
          store(y, [index], scalar("select", mask, value, scalar("neg", value))),
          store(z, [index], bitcast(value, "i32")),
          store(m, [index], mask),
        ];
      }),
    ],
  );
  assertAgrees(single(kernel), [Uint8Array.from({ length: size }, (_, i) => i * 23)]);
});

test("local buffers of symbolic size are refused with a hint", () => {
  const buffer = makeBuffer("scratch", "f32", [addDims(n, mulDims(2, n))], "local");
  const kernel = kernelOf("bad", [], [{ kind: "alloc", buffer }]);
  assert.throws(
    () => emitWasm(single(kernel)),
    (error: unknown) => error instanceof Unsupported && error.facts.hint !== undefined,
  );
});

test.run();
