/**
 * `keras.ops.linalg`: factorizations of matrices, determinants, inverses, systems of equations. Matrices are the last two axes, the axes
 * before a batch. All have gradients; where singular values or eigenvalues are equal, those of their vectors are not defined.
 */
import { ModelError } from "../../../ir/errors.ts";
import { cast, elementwise, reductionSpec, select, sum, type Tensor, type TensorLike } from "../../tensor.ts";
import type { Complex } from "./complex-pair.ts";
import {
  adjoint,
  diagonals,
  factorize,
  identityLike,
  matrix,
  product,
  sizesOf,
  solutionOf,
  solveOf,
  solveTriangularOf,
  squareMatrix,
  svdOf,
  symmetrized,
  systemOf,
} from "./matrix-tools.ts";
import { operation, parametric } from "./operation.ts";
import { pseudoInverse } from "./pseudo-inverse.ts";

export interface TriangleOption {
  /** Default false: the lower triangle. */
  upper?: boolean;
}

/** L with L L^T = x for a symmetric positive definite x (`upper`: L^T). NaN where x is not positive definite. */
export const cholesky = parametric(
  "linalg",
  "cholesky",
  ["upper"],
  (x: TensorLike, { upper = false }: TriangleOption) => {
    const symmetric = symmetrized(squareMatrix(x));
    const [factor] = symmetric.engine.op("cholesky", [symmetric], {});
    return upper ? adjoint(factor) : factor;
  },
);

/** The inverse of the matrix whose Cholesky factor is x. */
export const choleskyInverse = parametric(
  "linalg",
  "choleskyInverse",
  ["upper"],
  (x: TensorLike, { upper = false }: TriangleOption) => {
    const factor = squareMatrix(x);
    const inverse = solveTriangularOf(factor, identityLike(factor), { lower: !upper });
    return upper ? product(inverse, adjoint(inverse)) : product(adjoint(inverse), inverse);
  },
);

/** Sign of the permutation and diagonal of U: what determinants are made of. */
function determinantParts(x: Tensor): { readonly sign: Tensor; readonly diagonal: Tensor } {
  const { lu, pivots } = factorize(x);
  const [rows] = sizesOf(x);
  const [own] = x.engine.op("iota", [], { shape: [rows], axis: 0, dtype: "i32" });
  const exchanges = sum(cast(elementwise("ne", [pivots, own]), "i32"), -1, false);
  const isOdd = elementwise("eq", [elementwise("and", [exchanges, 1]), 1]);
  return { sign: cast(select(isOdd, -1, 1), x.dtype), diagonal: diagonals(lu) };
}

const productOfLast = (x: Tensor): Tensor =>
  x.engine.op("reduce_prod", [x], { spec: reductionSpec(x.rank, [x.rank - 1]) })[0];

/** The determinant of each matrix. */
export const det = operation("linalg", "det", (a: TensorLike) => {
  const { sign, diagonal } = determinantParts(squareMatrix(a));
  return elementwise("mul", [sign, productOfLast(diagonal)]);
});

function slogdetOf(a: TensorLike): readonly [sign: Tensor, logarithm: Tensor] {
  const { sign, diagonal } = determinantParts(squareMatrix(a));
  const signs = productOfLast(elementwise("sign", [diagonal]));
  const logarithm = sum(elementwise("log", [elementwise("abs", [diagonal])]), -1, false);
  return [elementwise("mul", [sign, signs]), logarithm];
}
/** Sign and logarithm of the absolute value of the determinant. */
export const slogdet = operation("numpy", "slogdet", slogdetOf);
/** The logarithm of the determinant of a positive definite matrix. */
export const logdet = operation("math", "logdet", (x: TensorLike) => slogdetOf(x)[1]);

/** The inverse of each matrix. */
export const inv = operation("linalg", "inv", (a: TensorLike) => {
  const tensor = squareMatrix(a);
  return solveOf(tensor, identityLike(tensor));
});

/** x with a x = b; b holds columns, or has one axis less than a and is a vector. */
export const solve = operation("linalg", "solve", (a: TensorLike, b: TensorLike) => {
  const system = systemOf(a, b, true);
  return solutionOf(solveOf(system.a, system.b), system.isVector);
});

/** The same for a triangular a: the upper triangle unless `lower`. */
export const solveTriangular = parametric(
  "linalg",
  "solveTriangular",
  ["lower"],
  (a: TensorLike, b: TensorLike, { lower = false }: { lower?: boolean }) => {
    const system = systemOf(a, b, true);
    return solutionOf(solveTriangularOf(system.a, system.b, { lower }), system.isVector);
  },
);

/** [L and U in one matrix, pivots]: row i was exchanged with row pivots[i], one after the other. */
export const luFactor = operation("linalg", "luFactor", (x: TensorLike) => {
  const { lu, pivots } = factorize(matrix(x));
  return [lu, pivots] as const;
});

/** [q, r] with q r = x: orthonormal columns and an upper triangle. "complete" makes q square. */
export const qr = parametric(
  "linalg",
  "qr",
  ["mode"],
  (x: TensorLike, { mode = "reduced" }: { mode?: "reduced" | "complete" }) => {
    if (mode !== "reduced" && mode !== "complete") {
      throw new ModelError(
        `\`mode\` argument value not supported. Expected one of {'reduced', 'complete'}. Received: mode=${mode}`,
      );
    }
    const tensor = matrix(x);
    const [q, r] = tensor.engine.op("qr", [tensor], { complete: mode === "complete" });
    return [q, r] as const;
  },
);

/**
 * [eigenvalues, eigenvectors as columns] of any square matrices, in no particular order; both are complex, pairs [real part, imaginary
 * part]. There is no gradient.
 */
export const eig = operation("linalg", "eig", (x: TensorLike): readonly [Complex, Complex] => {
  const tensor = squareMatrix(x);
  const [re, im, vectorsRe, vectorsIm] = tensor.engine.op("eig", [tensor], {});
  return [
    [re, im],
    [vectorsRe, vectorsIm],
  ];
});

/** [eigenvalues, ascending, and eigenvectors as columns] of symmetric matrices. */
export const eigh = operation("linalg", "eigh", (x: TensorLike) => {
  const symmetric = symmetrized(squareMatrix(x));
  const [values, vectors] = symmetric.engine.op("eigh", [symmetric], {});
  return [values, vectors] as const;
});

export interface SvdOptions {
  /** Default true: u and vh are square. */
  fullMatrices?: boolean;
  /** Default true; else the singular values alone. */
  computeUv?: boolean;
}

/** [u, s, vh] with u diag(s) vh = x, s descending; or s alone. */
export const svd = parametric(
  "linalg",
  "svd",
  ["fullMatrices", "computeUv"],
  (x: TensorLike, { fullMatrices = true, computeUv = true }: SvdOptions) => {
    const factors = svdOf(matrix(x), fullMatrices && computeUv);
    return computeUv ? factors : factors[1];
  },
);

export interface CutoffOption {
  /** Singular values below this part of the largest count as zero. */
  rcond?: number | null;
}
const EPSILON = 2 ** -23;

/** The pseudo-inverse. `rcond`: default 10 epsilon times the larger size. */
export const pinv = parametric("linalg", "pinv", ["rcond"], (x: TensorLike, { rcond }: CutoffOption) => {
  const tensor = matrix(x);
  return pseudoInverse(tensor, rcond ?? 10 * Math.max(...sizesOf(tensor)) * EPSILON);
});

/** The shortest x that makes |a x - b| smallest. `rcond`: default epsilon times the larger size. */
export const lstsq = parametric(
  "linalg",
  "lstsq",
  ["rcond"],
  (a: TensorLike, b: TensorLike, { rcond }: CutoffOption) => {
    const system = systemOf(a, b, false);
    const cutoff = rcond ?? Math.max(...sizesOf(system.a)) * EPSILON;
    return solutionOf(product(pseudoInverse(system.a, cutoff), system.b), system.isVector);
  },
);

/** How many singular values are above `tol` (default epsilon times the larger size times the largest of them), in i32. */
export const matrixRank = parametric(
  "linalg",
  "matrixRank",
  ["tol"],
  (x: TensorLike, { tol = null }: { tol?: TensorLike | null }) => {
    const tensor = matrix(x);
    const s = svdOf(tensor, false)[1];
    const largest = s.at(["...", "0:1"]);
    const limit = tol ?? elementwise("mul", [largest, Math.max(...sizesOf(tensor)) * EPSILON]);
    return sum(cast(elementwise("lt", [limit, s]), "i32"), -1, false);
  },
);
