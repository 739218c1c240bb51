// Linear algebra of `keras.ops` beyond the goldens: identities that any factorization has to satisfy, for shapes and ranks that are easily got
// wrong, and gradients where singular values are equal or zero.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras, ops } from "../compiler/index.ts";
import type { Tensor, TensorLike } from "../compiler/tensor.ts";
import { getElement } from "../ir/elements.ts";
import { seeded } from "./support/seeded.ts";

const random = (seed: number, rows: number, columns: number): number[][] => {
  const { next } = seeded(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => next() * 4 - 2));
};
const numbers = (x: Tensor): number[] => {
  const array = x.arraySync();
  return Array.from({ length: array.data.length }, (_, i) => getElement(array, i));
};
function close(got: TensorLike, want: TensorLike, tolerance = 1e-4): void {
  const [a, b] = [got, want].map((x) => ops.convertToTensor(x));
  assert.equal(a.shape, b.shape);
  const distance = numbers(ops.max(ops.abs(a.sub(b))))[0];
  assert.ok(distance <= tolerance, `${distance}: ${numbers(a)} is not ${numbers(b)}`);
}
const transposed = (x: Tensor): Tensor => ops.swapaxes(x, -1, -2);

for (const [rows, columns] of [
  [5, 3],
  [3, 5],
  [4, 4],
  [1, 4],
  [4, 1],
]) {
  for (const fullMatrices of [true, false]) {
    test(`svd of ${rows} x ${columns}, full matrices: ${fullMatrices}`, () => {
      const x = ops.convertToTensor(random(1, rows, columns));
      const [u, s, vh] = ops.svd(x, { fullMatrices }) as readonly Tensor[];
      const rank = Math.min(rows, columns);
      assert.equal(u.shape, [rows, fullMatrices ? rows : rank]);
      assert.equal(vh.shape, [fullMatrices ? columns : rank, columns]);
      close(ops.matmul(transposed(u), u), ops.eye(fullMatrices ? rows : rank));
      close(ops.matmul(vh, transposed(vh)), ops.eye(fullMatrices ? columns : rank));
      const [left, right] = [u.at([":", `:${rank}`]), vh.at([`:${rank}`, ":"])];
      close(ops.matmul(left.mul(s), right), x);
    });
  }
  test(`qr of ${rows} x ${columns}`, () => {
    const x = ops.convertToTensor(random(2, rows, columns));
    for (const mode of ["reduced", "complete"] as const) {
      const [q, r] = ops.qr(x, { mode });
      close(ops.matmul(q, r), x);
      close(ops.matmul(transposed(q), q), ops.eye(Number(q.shape[1])));
    }
  });
  test(`pinv and lstsq of ${rows} x ${columns}`, () => {
    const x = ops.convertToTensor(random(3, rows, columns));
    const p = ops.pinv(x);
    close(ops.matmul(ops.matmul(x, p), x), x);
    const b = ops.convertToTensor(random(4, rows, 2));
    close(ops.lstsq(x, b), ops.matmul(p, b));
  });
}

for (const size of [1, 2, 5, 12]) {
  test(`eig of ${size} x ${size}: A v = w v`, () => {
    const x = ops.convertToTensor(random(7, size, size));
    const [[re, im], [vre, vim]] = ops.eig(x);
    close(ops.matmul(x, vre), vre.mul(re).sub(vim.mul(im)), 1e-3);
    close(ops.matmul(x, vim), vre.mul(im).add(vim.mul(re)), 1e-3);
    close(ops.sum(re), ops.trace(x), 1e-3);
  });
}

test("singular matrices: svd keeps orthonormal vectors, rank and pseudo-inverse see the zeros", () => {
  const x = ops.convertToTensor([
    [1, 2, 3],
    [2, 4, 6],
    [1, 0, 1],
    [0, 0, 0],
  ]);
  const [u, s, vh] = ops.svd(x, { fullMatrices: false }) as readonly Tensor[];
  close(ops.matmul(transposed(u), u), ops.eye(3));
  close(ops.matmul(u.mul(s), vh), x);
  assert.is(numbers(ops.matrixRank(x))[0], 2);
  close(ops.matmul(ops.matmul(x, ops.pinv(x)), x), x);
});

test("the gradient of pinv does not mind equal singular values", () => {
  const step = 1e-2;
  const loss = (x: Tensor): Tensor => ops.sum(ops.pinv(x).mul(random(5, 2, 3)));
  const x = [
    [1, 0],
    [0, 1],
    [0, 0],
  ];
  const gradient = numbers(keras.grad(loss)(ops.convertToTensor(x)));
  const slopes = x.flatMap((row, i) =>
    row.map((_, j) => {
      const moved = (by: number): Tensor =>
        ops.convertToTensor(x.map((r, a) => r.map((value, b) => (a === i && b === j ? value + by : value))));
      return (numbers(loss(moved(step)))[0] - numbers(loss(moved(-step)))[0]) / (2 * step);
    }),
  );
  gradient.forEach((value, i) => {
    assert.ok(Math.abs(value - slopes[i]) < 2e-3, `${gradient} is not ${slopes}`);
  });
});

test("jvp is the derivative along the tangents, of several outputs and with what else the function returns", () => {
  const f = (x: Tensor, y: Tensor): Tensor[] => [ops.sin(x).mul(y), ops.sum(ops.square(y))];
  const [[a, b], [da, db]] = ops.jvp(
    f,
    [
      [0.5, 1],
      [2, 3],
    ],
    [
      [1, 0],
      [0.1, 0.2],
    ],
  ) as Tensor[][];
  close(a, [Math.sin(0.5) * 2, Math.sin(1) * 3]);
  close(b, 13);
  close(da, [Math.cos(0.5) * 2 + Math.sin(0.5) * 0.1, Math.sin(1) * 0.2]);
  close(db, 2 * 2 * 0.1 + 2 * 3 * 0.2);
  const [y, dy, aux] = ops.jvp((x) => [ops.exp(x), x.mul(2)], [1], [3], {
    hasAux: true,
  }) as Tensor[];
  close(y, Math.E);
  close(dy, 3 * Math.E);
  close(aux, 2);
});

test("bad matrices get Keras's words", () => {
  assert.throws(() => ops.det([1, 2]), /Expected input to have rank >= 2\. Received input with shape \(2\)/);
  assert.throws(
    () => ops.inv([[1, 2]]),
    /Expected a square matrix\. Received non-square input with shape \(1, 2\)/,
  );
  assert.throws(
    () =>
      ops.solve(
        [
          [1, 0],
          [0, 1],
        ],
        [1, 2, 3],
      ),
    /Incompatible shapes between `a` and `b`/,
  );
  assert.throws(() => ops.qr([[1]], { mode: "raw" as never }), /Received: mode=raw/);
  assert.throws(() => ops.norm([[1]], { ord: "nuc", axis: 0 }), /Received|Invalid `ord`/);
});

test.run();
