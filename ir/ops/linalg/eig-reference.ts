/**
 * The meaning of `eig` in numbers: the QR algorithm of `eig.ts`, step for step.
 */
import { type Complex, complexNumbers as c } from "./complex.ts";
import { identityRows, type Rows } from "./matrix.ts";

type Matrix = Complex<number>[][];
const EPSILON = 2 ** -52;
const STEPS = 60;
const PATIENCE = 10;

/** Real and imaginary parts of the eigenvalues and of the eigenvectors. */
export function eigOf(x: Rows): readonly [number[], number[], Rows, Rows] {
  const complex = (rows: Rows): Matrix => rows.map((row) => row.map((re) => ({ re, im: 0 })));
  const { h: real, z: basis } = hessenberg(x);
  const [h, z] = [complex(real), complex(basis)];
  triangularize(h, z);
  const key = (j: number): number => h[j][j].re + h[j][j].im;
  const order = h.map((_, j) => j).sort((i, j) => key(i) - key(j) || i - j);
  const vectors = order.map((j) => eigenvector(h, z, j));
  const part = (pick: (value: Complex<number>) => number): Rows =>
    h.map((_, row) => vectors.map((vector) => pick(vector[row])));
  return [
    order.map((j) => h[j][j].re),
    order.map((j) => h[j][j].im),
    part(({ re }) => re),
    part(({ im }) => im),
  ];
}

function hessenberg(x: Rows): { readonly h: Rows; readonly z: Rows } {
  const [h, z] = [x.map((row) => [...row]), identityRows(x.length)];
  const turnColumns = (m: Rows, p: number, q: number, cosine: number, sine: number): void => {
    for (const row of m)
      [row[p], row[q]] = [cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]];
  };
  for (let k = 0; k < h.length - 2; k++) {
    for (let i = k + 2; i < h.length; i++) {
      const [a, b] = [h[k + 1][k], h[i][k]];
      if (b === 0) continue;
      const [cosine, sine] = [a / Math.hypot(a, b), -b / Math.hypot(a, b)];
      const [above, below] = [h[k + 1], h[i]];
      h[k + 1] = above.map((value, j) => cosine * value - sine * below[j]);
      h[i] = above.map((value, j) => sine * value + cosine * below[j]);
      turnColumns(h, k + 1, i, cosine, sine);
      turnColumns(z, k + 1, i, cosine, sine);
    }
  }
  return { h, z };
}

function triangularize(h: Matrix, z: Matrix): void {
  let [m, tries] = [h.length - 1, 0];
  for (let step = 0; step < STEPS * h.length && m > 0; step++) {
    const rest = c.size(h[m][m - 1]);
    if (rest <= EPSILON * (c.size(h[m - 1][m - 1]) + c.size(h[m][m]))) {
      h[m][m - 1] = { re: 0, im: 0 };
      [m, tries] = [m - 1, 0];
      continue;
    }
    tries++;
    const shift = tries % PATIENCE === 0 ? c.plus(h[m][m], { re: rest, im: 0 }) : wilkinson(h, m);
    for (let i = 0; i <= m; i++) h[i][i] = c.minus(h[i][i], shift);
    rotate(h, z, m);
    for (let i = 0; i <= m; i++) h[i][i] = c.plus(h[i][i], shift);
  }
}

function wilkinson(h: Matrix, m: number): Complex<number> {
  const delta = c.scale(c.minus(h[m - 1][m - 1], h[m][m]), 0.5);
  const product = c.times(h[m - 1][m], h[m][m - 1]);
  const root = squareRoot(c.plus(c.times(delta, delta), product));
  const isAlong = delta.re * root.re + delta.im * root.im >= 0;
  const divisor = isAlong ? c.plus(delta, root) : c.minus(delta, root);
  return c.norm2(divisor) === 0 ? h[m][m] : c.minus(h[m][m], c.over(product, divisor));
}

function squareRoot({ re, im }: Complex<number>): Complex<number> {
  const larger = Math.sqrt((c.size({ re, im }) + Math.abs(re)) / 2);
  const other = larger === 0 ? 0 : im / (2 * larger);
  return re >= 0 ? { re: larger, im: other } : { re: Math.abs(other), im: im < 0 ? -larger : larger };
}

/** A QR factorization of rows 0..m by rotations, multiplied together again the other way round. */
function rotate(h: Matrix, z: Matrix, m: number): void {
  const rotations = Array.from({ length: m }, (_, k) => {
    const [a, b] = [h[k][k], h[k + 1][k]];
    const length = Math.sqrt(c.norm2(a) + c.norm2(b));
    const cosine = length === 0 ? { re: 1, im: 0 } : c.scale(a, 1 / length);
    const sine = length === 0 ? { re: 0, im: 0 } : c.scale(b, 1 / length);
    for (let j = k; j < h.length; j++) {
      const [x, y] = [h[k][j], h[k + 1][j]];
      h[k][j] = c.plus(c.times(c.conjugate(cosine), x), c.times(c.conjugate(sine), y));
      h[k + 1][j] = c.minus(c.times(cosine, y), c.times(sine, x));
    }
    return { cosine, sine };
  });
  rotations.forEach(({ cosine, sine }, k) => {
    for (const row of [...h.slice(0, k + 2), ...z]) {
      const [x, y] = [row[k], row[k + 1]];
      row[k] = c.plus(c.times(cosine, x), c.times(sine, y));
      row[k + 1] = c.minus(c.times(c.conjugate(cosine), y), c.times(c.conjugate(sine), x));
    }
  });
}

function eigenvector(t: Matrix, z: Matrix, j: number): Complex<number>[] {
  const x: Complex<number>[] = t.map((_, i) => ({ re: i === j ? 1 : 0, im: 0 }));
  for (let i = j - 1; i >= 0; i--) {
    let sum = { re: 0, im: 0 };
    for (let k = i + 1; k <= j; k++) sum = c.plus(sum, c.times(t[i][k], x[k]));
    const distance = c.minus(t[j][j], t[i][i]);
    const least = EPSILON * c.size(t[j][j]);
    const isZero = c.size(distance) < least || c.norm2(distance) === 0;
    x[i] = c.over(sum, isZero ? { re: least + EPSILON * EPSILON, im: 0 } : distance);
  }
  const vector = z.map((row) =>
    row.reduce((sum, value, k) => c.plus(sum, c.times(value, x[k])), { re: 0, im: 0 }),
  );
  const squares = vector.map(c.norm2);
  const largest = Math.max(...squares);
  const peak = vector[squares.indexOf(largest)];
  const turn = c.scale(c.conjugate(peak), 1 / Math.sqrt(largest * squares.reduce((a, b) => a + b)));
  return vector.map((value) => c.times(value, turn));
}
