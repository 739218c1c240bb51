/**
 * `keras.ops.linalg`: the functions of `keras.ops` that Keras also lists under this name.
 */
import {
  cholesky, choleskyInverse, det, eig, eigh, inv, lstsq, luFactor, matrixRank, pinv, qr, solve, solveTriangular, svd,
} from "./decompositions.ts"; // biome-ignore format: one line
import { jvp } from "./jvp.ts";
import { norm } from "./norm.ts";

export const linalg = {
  cholesky, choleskyInverse, det, eig, eigh, inv, jvp, lstsq, luFactor, matrixRank, norm, pinv, qr, solve, solveTriangular, svd,
}; // biome-ignore format: one line
