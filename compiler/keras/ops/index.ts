/**
 * `keras.ops`: the public list of operations, by the file that defines them.
 */
// biome-ignore-all format: one paragraph per file

export {
  celu, elu, gelu, glu, hardShrink, hardSigmoid, hardSilu, hardSwish, hardTanh, leakyRelu, logSigmoid, logSoftmax, mish, relu, relu6, selu,
  sigmoid, silu, softmax, softplus, softShrink, softsign, sparsePlus, sparseSigmoid, squareplus, swish, tanhShrink, threshold,
} from "./activations.ts";
export { adaptiveAveragePool, adaptiveMaxPool } from "./adaptive-pool.ts";
export { associativeScan } from "./associative-scan.ts";
export { dotProductAttention } from "./attention.ts";
export {
  bitwiseAnd, bitwiseInvert, bitwiseLeftShift, bitwiseNot, bitwiseOr, bitwiseRightShift, bitwiseXor, leftShift, rightShift, view,
} from "./bitwise.ts";
export { angle, conj, conjugate, imag, isreal, polar, real, viewAsComplex, viewAsReal } from "./complex.ts";
export { cond, foriLoop, foriLoop as forILoop, map, scan, switchBranch as switch, vectorizedMap, whileLoop } from "./control.ts";
export { conv, depthwiseConv, separableConv } from "./conv.ts";
export { convTranspose } from "./conv-transpose.ts";
export { cast, convertToNumpy, copy, dimension, dtype, isTensor, ndim, saturateCast, shape, size, stopGradient } from "./core.ts";
export {
  array, convertToTensor, empty, emptyLike, eye, full, fullLike, identity, multiHot, oneHot, ones, onesLike, zeros, zerosLike,
} from "./create.ts";
export { binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy } from "./crossentropy.ts";
export { ctcDecode, ctcLoss } from "./ctc.ts";
export { cumprod, cumsum, diff, trapezoid } from "./cumulative.ts";
export {
  cholesky, choleskyInverse, det, eig, eigh, inv, logdet, lstsq, luFactor, matrixRank, pinv, qr, slogdet, solve, solveTriangular, svd,
} from "./decompositions.ts";
export { gcd, lcm } from "./divisors.ts";
export {
  absolute, absolute as abs, add, cbrt, ceil, clip, deg2rad, divide, divideNoNan, fabs, floor, floorDivide, fmax, fmin, fmod, heaviside,
  hypot, ldexp, maximum, minimum, mod, multiply, negative, nextafter, power, rad2deg, reciprocal, round, rsqrt, sign, sqrt, square,
  subtract, trueDivide, trunc,
} from "./elementwise.ts";
export { erf, erfc, erfinv, exp, exp2, expm1, i0, log, log1p, log2, log10, logaddexp, logaddexp2 } from "./exponential.ts";
export * as image from "./image/index.ts";
export { append, arraySplit, concatenate, dsplit, dstack, hsplit, hstack, split, stack, unstack, vsplit, vstack } from "./joining.ts";
export { jvp } from "./jvp.ts";
export { dot, einsum, matmul, outer, tensordot } from "./linalg.ts";
export { linalg } from "./linalg-namespace.ts";
export {
  allclose, equal, greater, greaterEqual, isclose, isfinite, isin, isinf, isnan, isneginf, isposinf, less, lessEqual, logicalAnd,
  logicalNot, logicalOr, logicalXor, nanToNum, notEqual, select, signbit, where,
} from "./logic.ts";
export { diag, diagflat, diagonal, trace, tri, tril, triu, vander } from "./matrices.ts";
export {
  broadcastTo, expandDims, flip, fliplr, flipud, getItem, moveaxis, ravel, reshape, roll, rot90, squeeze, swapaxes, tile, transpose,
} from "./movement.ts";
export { nanargmax, nanargmin, nancumprod, nancumsum, nanmax, nanmean, nanmin, nanprod, nanstd, nansum, nanvar } from "./nan-reductions.ts";
export { norm } from "./norm.ts";
export { batchNormalization, layerNormalization, normalize, rmsNormalization } from "./normalization.ts";
export { pad } from "./padding.ts";
export { depthToSpace, extractSequences, fold, spaceToDepth, unfold } from "./patches.ts";
export { take, takeAlongAxis, unravelIndex } from "./picking.ts";
export { averagePool, maxPool } from "./pool.ts";
export { cdist, cross, inner, kron, vdot } from "./products.ts";
export { median, nanmedian, nanpercentile, nanquantile, percentile, quantile } from "./quantiles.ts";
export { arange, geomspace, linspace, logspace, meshgrid } from "./ranges.ts";
export { rearrange } from "./rearrange.ts";
export {
  all, amax, amin, any, argmax, argmin, countNonzero, logsumexp, max, mean, min, moments, prod, ptp, std, sum, variance as var,
} from "./reduce.ts";
export { scatter, scatterUpdate, segmentMax, segmentMin, segmentProd, segmentSum } from "./scattering.ts";
export { bincount, histogram, nonzero, repeat, unique } from "./sets.ts";
export { fft, fft2, ifft2, irfft, istft, rfft, stft } from "./signal.ts";
export { slice, sliceUpdate } from "./slicing.ts";
export { argpartition, argsort, digitize, inTopK, searchsorted, sort, sparsemax, topK } from "./sorting.ts";
export { average, corrcoef, correlate, psnr } from "./statistics.ts";
export { arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, cos, cosh, sin, sinc, sinh, tan, tanh } from "./trigonometry.ts";
export { vectorize } from "./vectorize.ts";
export { bartlett, blackman, hamming, hanning, kaiser } from "./windows.ts";
