/**
 * What a function of `keras.ops` is: a TypeScript function over tensors, plus the names under which Keras's files know it. On the tensors of
 * a functional model it records one node of the model's graph; on all others it applies primitive ops.
 */
import type { DType } from "../../../ir/dtype.ts";
import {
  commonEngine,
  type Engine,
  type Tensor,
  type TensorLike,
  TensorMethods,
  toTensor,
} from "../../tensor.ts";
import { isNested, type Nest } from "../nest.ts";
import { camelKeys, isPlainObject, type PlainObject } from "../options.ts";
import { session } from "../session.ts";

export interface OperationInfo {
  /** As in `keras.ops`, camelCase: "logSoftmax", "image.resize". */
  readonly name: string;
  /** As in model files: "LogSoftmax" in "keras.src.ops.nn". */
  readonly className: string;
  readonly module: string;
  /** How many leading arguments a node of the graph holds; the others are the operation's configuration. */
  readonly operands: number;
  /** Names of the arguments after the operands. */
  readonly parameters: readonly string[];
  /** Applies the operation to operands and an object of parameters. */
  apply(operands: readonly unknown[], parameters: PlainObject): unknown;
}

export interface Operation<A extends readonly unknown[], R> {
  (...args: A): R;
  readonly operation: OperationInfo;
}

export const isOperation = (value: unknown): value is Operation<readonly unknown[], unknown> =>
  typeof value === "function" && "operation" in value;

/** Keras's classes whose names do not follow from those of the functions. */
const irregularClasses: { readonly [name: string]: string } = {
  allclose: "AllClose",
  batchNormalization: "BatchNorm",
  cdist: "CDist",
  ctcDecode: "CTCDecode",
  ctcLoss: "CTCLoss",
  fft: "FFT",
  fft2: "FFT2",
  hardSwish: "HardSilu",
  ifft2: "IFFT2",
  irfft: "IRFFT",
  isin: "IsIn",
  istft: "ISTFT",
  jvp: "JVP",
  layerNormalization: "LayerNorm",
  psnr: "PSNR",
  rfft: "RFFT",
  rmsNormalization: "RMSNorm",
  searchsorted: "SearchSorted",
  stft: "STFT",
  svd: "SVD",
  swish: "Silu",
  extractPatches3d: "ExtractPatches",
  hsvToRgb: "HSVToRGB",
  rgbToGrayscale: "RGBToGrayscale",
  rgbToHsv: "RGBToHSV",
  ssim: "SSIM",
};

/** "LogSoftmax" for "logSoftmax", "Resize" for "image.resize". */
function classNameOf(name: string): string {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return irregularClasses[last] ?? last[0].toUpperCase() + last.slice(1);
}

/** The engine that wants the call as a whole, if one of the tensors in `args` has such an engine. */
function recorder(args: readonly unknown[]): Engine | undefined {
  for (const arg of args) {
    if (arg instanceof TensorMethods) {
      const { engine } = arg.value;
      if (engine.composite !== undefined) return engine;
    } else if (isNested(arg)) {
      const inner = recorder(Object.values(arg));
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

/**
 * Declares an operation without parameters: all arguments are operands. NOTE: here and below, the arguments of `body` must not have default
 * values: its `length` is how many there are.
 */
export function operation<A extends readonly unknown[], R>(
  module: string,
  name: string,
  body: (...args: A) => R,
): Operation<A, R> {
  const call = (...args: A): R => {
    const engine = recorder(args);
    return engine?.composite === undefined ? body(...args) : (engine.composite(name, args) as R);
  };
  const info: OperationInfo = {
    name,
    className: classNameOf(name),
    module: `keras.src.ops.${module}`,
    operands: Number.POSITIVE_INFINITY,
    parameters: [],
    apply(operands) {
      const args: readonly unknown[] = operands;
      return body(...(args as A));
    },
  };
  return Object.assign(call, { operation: info });
}

/** Parameters by position: those of `K`, in its order; optional where they are optional in `O`. */
type Positional<O, K extends readonly (keyof O)[]> = K extends readonly [
  infer H extends keyof O,
  ...infer T extends readonly (keyof O)[],
]
  ? object extends Pick<O, H>
    ? [parameter?: O[H], ...rest: Positional<O, T>]
    : [parameter: O[H], ...rest: Positional<O, T>]
  : [];

/** An operation with parameters: `ops.sum(x, { axis: 1 })`, or by position, `ops.sum(x, 1)`, or both, `ops.split(x, 3, { axis: 1 })`. */
export interface ParametricOperation<A extends readonly unknown[], O, K extends readonly (keyof O)[], R> {
  (...args: [...A, ...Positional<O, K>]): R;
  (...args: [...A, options: Readonly<O>]): R;
  (...args: [...A, first: O[K[0]], options: Readonly<Omit<O, K[0]>>]): R;
  readonly operation: OperationInfo;
}

/** Declares an operation with parameters, which may be given by name or by position in the order of `positional`. */
export function parametric<
  A extends readonly unknown[],
  O extends object,
  const K extends readonly (keyof O & string)[],
  R,
>(
  module: string,
  name: string,
  positional: K,
  body: (...args: [...A, O]) => R,
): ParametricOperation<A, O, K, R> {
  const operands = body.length - 1;
  const apply = (given: readonly unknown[], options: PlainObject): R => {
    const args: readonly unknown[] = [...given, options];
    return body(...(args as [...A, O]));
  };
  const call = (...args: readonly unknown[]): R => {
    const engine = recorder(args);
    if (engine?.composite !== undefined) return engine.composite(name, args) as R;
    return apply(args.slice(0, operands), bindParameters(args.slice(operands), positional));
  };
  const info: OperationInfo = {
    name,
    className: classNameOf(name),
    module: `keras.src.ops.${module}`,
    operands,
    parameters: positional,
    apply,
  };
  return Object.assign(call, { operation: info });
}

/** Arguments after the operands by name: positional ones in order, those of a trailing object by key. */
export function bindParameters(args: readonly unknown[], names: readonly string[]): PlainObject {
  const bound: { [key: string]: unknown } = {};
  args.forEach((arg, i) => {
    if (isPlainObject(arg)) Object.assign(bound, camelKeys(arg));
    else if (arg !== undefined) bound[names[i]] = arg;
  });
  return bound;
}

/** A tensor-like as a tensor: of its own engine or the present one, whichever records more; plain data in the present one. */
export function asTensor(value: TensorLike, dtype?: DType): Tensor {
  return toTensor(value, commonEngine([value], session.engine()), dtype ?? session.floatx);
}

/** All tensors of a structure. */
export const tensorsOf = (nest: Nest<TensorLike>): Tensor[] =>
  isNested(nest)
    ? Object.values(nest).flatMap((item: Nest<TensorLike>) => tensorsOf(item))
    : [asTensor(nest as TensorLike)];
