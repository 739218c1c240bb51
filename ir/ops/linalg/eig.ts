/**
 * `eig`: eigenvalues and eigenvectors of any square matrix, by the QR algorithm in complex arithmetic: Hessenberg form by rotations, shifted QR
 * steps with deflation until the form is triangular, eigenvectors by substitution (Golub and Van Loan, chapter 7). The number of steps has
 * a bound instead of a test; matrices need three or four for each eigenvalue.
 */
import { add, constant, div, type Expr, int, mul, type Stmt, scalar, store, sub } from "../../kernel.ts";
import { bind, type Cell, cell, each, when } from "../../loops.ts";
import type { LowerContext, Memory, OpDef, Read } from "../../op.ts";
import { tensorType } from "../../type.ts";
import {
  bindComplex,
  type Complex,
  type ComplexMatrix,
  complexExprs as c,
  complexMatrix,
} from "./complex.ts";
import { eigOf } from "./eig-reference.ts";
import { ranked, turnAll } from "./eigh.ts";
import {
  evaluatePerMatrix,
  type MatrixView,
  matrixIn,
  perMatrix,
  squareType,
  vectorIn,
  vectors,
} from "./matrix.ts";

type NoAttrs = { readonly [name: string]: never };

export const eig: OpDef<NoAttrs> = {
  name: "eig",
  doc: "Real and imaginary parts of the eigenvalues, ordered by the sum of both parts, and of the eigenvectors, columns of length 1 whose largest element is real.",
  tolerance: "rounding",
  arity: [1, 1],
  attrNames: [],
  infer([x]) {
    const values = vectors(x, squareType(x).rows);
    return [values, values, x, x];
  },
  evaluate: ([x], _attrs, context) =>
    evaluatePerMatrix(
      [x],
      [0, 1, 2, 3].map((i) => context.allocate(i)),
      eigOf,
    ),
  lower: {
    kind: "kernel",
    scratch: ({ operands: [x] }) => {
      const vector = vectors(x, squareType(x).rows);
      return [x, x, x, x, vector, vector, vector, vector];
    },
    build: buildEig,
  },
  samples: [
    { operands: [tensorType("f32", [3, 3])], attrs: {} },
    { operands: [tensorType("f32", [2, 4, 4])], attrs: {} },
    { operands: [tensorType("f32", [1, 1])], attrs: {} },
  ],
};

/** Steps allowed for each eigenvalue, and after how many without success an unusual shift is tried. */
const STEPS = 30;
const PATIENCE = 10;

/** The matrices and vectors of one problem. */
interface Work {
  readonly size: number;
  readonly zero: Expr;
  readonly one: Expr;
  readonly h: ComplexMatrix;
  readonly z: ComplexMatrix;
  /** A complex vector in memory: rotations, and what substitution solves for. */
  readonly get: (which: "cosine" | "sine", i: Expr) => Complex<Expr>;
  readonly set: (which: "cosine" | "sine", i: Expr, value: Complex<Expr>) => readonly Stmt[];
}

function buildEig(ctx: LowerContext<NoAttrs>, read: Read, { results, scratch }: Memory): Stmt {
  const size = squareType(ctx.operands[0]).rows;
  const { dtype } = results[0];
  const [zero, one] = [constant(0, dtype), constant(1, dtype)];
  return perMatrix(ctx, (batch) => {
    const [hr, hi, zr, zi] = scratch.slice(0, 4).map((buffer) => matrixIn(buffer, batch));
    const [cr, ci, sr, si] = scratch.slice(4).map((buffer) => vectorIn(buffer, batch));
    const parts = { cosine: [cr, ci], sine: [sr, si] } as const;
    const work: Work = {
      size, zero, one,
      h: complexMatrix(hr, hi),
      z: complexMatrix(zr, zi),
      get: (which, i) => ({ re: parts[which][0].get(i), im: parts[which][1].get(i) }),
      set: (which, i, { re, im }) => [parts[which][0].set(i, re), parts[which][1].set(i, im)],
    }; // biome-ignore format: one line per part
    return [
      each(size, (i) => [
        each(size, (j) => [
          ...work.h.set(i, j, { re: read(0, [...batch, i, j]), im: zero }),
          ...work.z.set(i, j, { re: scalar("select", scalar("eq", i, j), one, zero), im: zero }),
        ]),
      ]),
      hessenberg(size, hr, zr),
      ...triangularize(work),
      each(size, (j) =>
        ranked(
          size,
          j,
          (k) => add(hr.get(k, k), hi.get(k, k)),
          false,
          (to) => [
            store(results[0], [...batch, to], hr.get(j, j)),
            store(results[1], [...batch, to], hi.get(j, j)),
            ...eigenvector(
              work,
              j,
              complexMatrix(matrixIn(results[2], batch), matrixIn(results[3], batch)),
              to,
            ),
          ],
        ),
      ),
    ];
  });
}

/** Turns real rows and columns so that nothing is left below the first subdiagonal, and gathers the turns in Z. */
function hessenberg(size: number, h: MatrixView, z: MatrixView): Stmt {
  const eliminate = (k: Expr, i: Expr): readonly Stmt[] => {
    const p = add(k, int(1));
    const [a, b] = [h.get(p, k), h.get(i, k)];
    const length = scalar("sqrt", add(mul(a, a), mul(b, b)));
    const turnBoth = (cosine: Expr, sine: Expr): readonly Stmt[] => [
      turnAll(h, size, (j) => [p, j], (j) => [i, j], cosine, sine),
      turnAll(h, size, (j) => [j, p], (j) => [j, i], cosine, sine),
      turnAll(z, size, (j) => [j, p], (j) => [j, i], cosine, sine),
    ]; // biome-ignore format: one line per side
    const turned = bind("length", length, (r) =>
      bind("cosine", div(a, r), (cosine) =>
        bind("sine", scalar("neg", div(b, r)), (sine) => turnBoth(cosine, sine)),
      ),
    );
    return [when(scalar("ne", b, constant(0, b.dtype)), turned)];
  };
  return each(Math.max(0, size - 2), (k) => [
    each(sub(int(size - 2), k), (t) => bind("i", add(add(k, t), int(2)), (i) => eliminate(k, i))),
  ]);
}

/** QR steps on the leading rows 0..last, fewer by one with every eigenvalue found. */
function triangularize(work: Work): readonly Stmt[] {
  const { size, h, zero } = work;
  const epsilon = constant(work.zero.dtype === "f64" ? 2 ** -52 : 2 ** -23, work.zero.dtype);
  return cell("last", int(size - 1), (last) =>
    cell("tries", int(0), (tries) => [
      each(STEPS * size, () => [
        when(scalar("lt", int(0), last.get), [
          ...bind("m", last.get, (m) =>
            bind("before", sub(m, int(1)), (before) =>
              bind("rest", c.size(h.get(m, before)), (rest) => [
                when(
                  scalar("le", rest, mul(epsilon, add(c.size(h.get(before, before)), c.size(h.get(m, m))))),
                  [...h.set(m, before, { re: zero, im: zero }), last.set(before), tries.set(int(0))],
                  [tries.set(add(tries.get, int(1))), ...shiftedStep(work, m, before, rest, tries)],
                ),
              ]),
            ),
          ),
        ]),
      ]),
    ]),
  );
}

function shiftedStep(work: Work, m: Expr, before: Expr, rest: Expr, tries: Cell): readonly Stmt[] {
  const { h } = work;
  const unusual = scalar("eq", scalar("mod", tries.get, int(PATIENCE)), int(0));
  return wilkinson(work, m, before, (usual) =>
    bindComplex(
      "shift",
      {
        re: scalar("select", unusual, add(h.get(m, m).re, rest), usual.re),
        im: scalar("select", unusual, h.get(m, m).im, usual.im),
      },
      (shift) => [
        each(add(m, int(1)), (i) => h.set(i, i, c.minus(h.get(i, i), shift))),
        each(m, (k) => leftRotation(work, k)),
        each(m, (k) => rightRotation(work, k)),
        each(add(m, int(1)), (i) => h.set(i, i, c.plus(h.get(i, i), shift))),
      ],
    ),
  );
}

/** The eigenvalue of the last 2 x 2 block that is nearer to its last element. */
function wilkinson(
  { h, zero }: Work,
  m: Expr,
  before: Expr,
  body: (shift: Complex<Expr>) => readonly Stmt[],
): readonly Stmt[] {
  const half = constant(0.5, zero.dtype);
  const delta = c.scale(c.minus(h.get(before, before), h.get(m, m)), half);
  return bindComplex("delta", delta, (d) =>
    bindComplex("product", c.times(h.get(before, m), h.get(m, before)), (product) =>
      complexRoot(c.plus(c.times(d, d), product), (root) => {
        const isAlong = scalar("le", zero, add(mul(d.re, root.re), mul(d.im, root.im)));
        const signed = {
          re: scalar("select", isAlong, root.re, scalar("neg", root.re)),
          im: scalar("select", isAlong, root.im, scalar("neg", root.im)),
        };
        return bindComplex("divisor", c.plus(d, signed), (divisor) => {
          const isZero = scalar("eq", c.norm2(divisor), zero);
          const moved = c.minus(h.get(m, m), c.over(product, divisor));
          return body({
            re: scalar("select", isZero, h.get(m, m).re, moved.re),
            im: scalar("select", isZero, h.get(m, m).im, moved.im),
          });
        });
      }),
    ),
  );
}

/** The square root with a real part of at least 0. */
function complexRoot(value: Complex<Expr>, body: (root: Complex<Expr>) => readonly Stmt[]): readonly Stmt[] {
  return bindComplex("radicand", value, ({ re, im }) => {
    const [zero, half] = [constant(0, re.dtype), constant(0.5, re.dtype)];
    const larger = scalar("sqrt", mul(half, add(c.size({ re, im }), scalar("abs", re))));
    return bind("larger", larger, (a) => {
      const quotient = div(im, add(a, a));
      const other = scalar("select", scalar("eq", a, zero), zero, quotient);
      const isRight = scalar("le", zero, re);
      const signed = scalar("select", scalar("lt", im, zero), scalar("neg", a), a);
      return body({
        re: scalar("select", isRight, a, scalar("abs", other)),
        im: scalar("select", isRight, other, signed),
      });
    });
  });
}

/** Rotates rows k and k + 1 so that the element below the diagonal vanishes, and keeps the rotation. */
function leftRotation({ h, size, zero, one, set, get }: Work, k: Expr): readonly Stmt[] {
  const next = add(k, int(1));
  const [a, b] = [h.get(k, k), h.get(next, k)];
  return bind("length", scalar("sqrt", add(c.norm2(a), c.norm2(b))), (length) => {
    const isZero = scalar("eq", length, zero);
    const part = (value: Expr, otherwise: Expr): Expr =>
      scalar("select", isZero, otherwise, div(value, length));
    return [
      ...set("cosine", k, { re: part(a.re, one), im: part(a.im, zero) }),
      ...set("sine", k, { re: part(b.re, zero), im: part(b.im, zero) }),
      each(sub(int(size), k), (t) =>
        bind("j", add(k, t), (j) =>
          bindComplex("x", h.get(k, j), (x) =>
            bindComplex("y", h.get(next, j), (y) => {
              const [cosine, sine] = [get("cosine", k), get("sine", k)];
              return [
                ...h.set(k, j, c.plus(c.times(c.conjugate(cosine), x), c.times(c.conjugate(sine), y))),
                ...h.set(next, j, c.minus(c.times(cosine, y), c.times(sine, x))),
              ];
            }),
          ),
        ),
      ),
    ];
  });
}

/** The same rotation from the right: of columns k and k + 1, and of those of Z. */
function rightRotation({ h, z, size, get }: Work, k: Expr): readonly Stmt[] {
  const next = add(k, int(1));
  const rotate = (matrix: ComplexMatrix, i: Expr): readonly Stmt[] =>
    bindComplex("x", matrix.get(i, k), (x) =>
      bindComplex("y", matrix.get(i, next), (y) => {
        const [cosine, sine] = [get("cosine", k), get("sine", k)];
        return [
          ...matrix.set(i, k, c.plus(c.times(cosine, x), c.times(sine, y))),
          ...matrix.set(i, next, c.minus(c.times(c.conjugate(cosine), y), c.times(c.conjugate(sine), x))),
        ];
      }),
    );
  return [each(add(k, int(2)), (i) => rotate(h, i)), each(size, (i) => rotate(z, i))];
}

/** Solves (T - T[j, j]) x = 0 with x[j] = 1, and writes Z x, made of length 1 with its largest element real. */
function eigenvector(work: Work, j: Expr, v: ComplexMatrix, to: Expr): readonly Stmt[] {
  const { h, size, zero, one, get, set } = work;
  const tiny = constant(work.zero.dtype === "f64" ? 2 ** -52 : 2 ** -23, zero.dtype);
  const sumInto = (re: Cell, im: Cell, value: Complex<Expr>): readonly Stmt[] => [
    re.set(add(re.get, value.re)),
    im.set(add(im.get, value.im)),
  ];
  const solve = (i: Expr): readonly Stmt[] =>
    cell("sum_re", zero, (re) =>
      cell("sum_im", zero, (im) => [
        each(sub(j, i), (t) =>
          bind("k", add(add(i, t), int(1)), (k) => sumInto(re, im, c.times(h.get(i, k), get("sine", k)))),
        ),
        ...bindComplex("distance", c.minus(h.get(j, j), h.get(i, i)), (distance) => {
          const isTiny = scalar("lt", c.size(distance), mul(tiny, c.size(h.get(j, j))));
          const isZero = scalar("or", isTiny, scalar("eq", c.norm2(distance), zero));
          const least = add(mul(tiny, c.size(h.get(j, j))), mul(tiny, tiny));
          const divisor = {
            re: scalar("select", isZero, least, distance.re),
            im: scalar("select", isZero, zero, distance.im),
          };
          return set("sine", i, c.over({ re: re.get, im: im.get }, divisor));
        }),
      ]),
    );
  return [
    ...set("sine", j, { re: one, im: zero }),
    each(j, (t) => bind("i", sub(sub(j, int(1)), t), solve)),
    ...cell("square", zero, (square) =>
      cell("largest", zero, (largest) =>
        cell("at", int(0), (at) => [
          each(size, (r) =>
            cell("sum_re", zero, (re) =>
              cell("sum_im", zero, (im) => [
                each(add(j, int(1)), (k) => sumInto(re, im, c.times(work.z.get(r, k), get("sine", k)))),
                ...v.set(r, to, { re: re.get, im: im.get }),
                ...bind("own", c.norm2({ re: re.get, im: im.get }), (own) => [
                  square.set(add(square.get, own)),
                  when(scalar("lt", largest.get, own), [largest.set(own), at.set(r)]),
                ]),
              ]),
            ),
          ),
          ...bindComplex("peak", v.get(at.get, to), (peak) =>
            bindComplex(
              "turn",
              c.scale(c.conjugate(peak), div(one, scalar("sqrt", mul(largest.get, square.get)))),
              (turn) => [
                each(size, (r) =>
                  bindComplex("old", v.get(r, to), (old) => v.set(r, to, c.times(old, turn))),
                ),
              ],
            ),
          ),
        ]),
      ),
    ),
  ];
}
