/**
 * The reference evaluation: runs a function op by op through `OpDef.evaluate`. It is the oracle for passes and targets, the `reference`
 * backend, and constant folding. With `wide`, f32 is computed and held in double precision: what the self-check of artifacts records.
 */
import { type Bindings, evaluateShape } from "./dim.ts";
import { dtypes } from "./dtype.ts";
import { CompilerBug, ModelError } from "./errors.ts";
import type { Block, Func, Op, Value } from "./graph.ts";
import { type NDArray, sizeOf } from "./ndarray.ts";
import type { OpTable } from "./op.ts";
import { printType, type TensorType } from "./type.ts";

export interface EvaluateOptions {
  /** Compute f32 in double precision. */
  readonly wide?: boolean;
}

/** Evaluates one op on arrays. */
export function evaluateOp(
  op: Op,
  operands: readonly NDArray[],
  ops: OpTable,
  bindings: Bindings,
  options: EvaluateOptions = {},
): readonly NDArray[] {
  const def = ops.get(op.name);
  if (def === undefined) throw new CompilerBug("evaluate", `no meaning for op ${op.name}`);
  const types = op.results.map(({ type }) => ({
    dtype: type.dtype,
    shape: evaluateShape(type.shape, bindings),
  }));
  const allocate = (index: number): NDArray => {
    const { dtype, shape } = types[index];
    const storage = options.wide && dtype === "f32" ? "f64" : dtype;
    return { dtype, shape, data: dtypes[storage].allocate(sizeOf(shape)) };
  };
  const run = (region: number, args: readonly NDArray[]): readonly NDArray[] =>
    evaluateBlock(op.regions[region], args, ops, bindings, options);
  return def.evaluate(operands, op.attrs, { types, bindings, allocate, run });
}

/** Evaluates a block whose ops all have a meaning. */
export function evaluateBlock(
  block: Block,
  args: readonly NDArray[],
  ops: OpTable,
  bindings: Bindings,
  options: EvaluateOptions = {},
): readonly NDArray[] {
  const values = new Map<Value, NDArray>(block.args.map((arg, i) => [arg, args[i]]));
  const get = (value: Value): NDArray => {
    const array = values.get(value);
    if (array === undefined) throw new CompilerBug("evaluate", "a value is used before it is made");
    return array;
  };
  for (const op of block.ops) {
    const results = evaluateOp(op, op.operands.map(get), ops, bindings, options);
    op.results.forEach((result, i) => values.set(result, results[i]));
  }
  return block.returns.map(get);
}

/** Evaluates a function. Symbols take their values from the shapes of the arguments; throws ModelError where these do not fit. */
export function evaluateFunc(
  func: Func,
  args: readonly NDArray[],
  ops: OpTable,
  options: EvaluateOptions = {},
): readonly NDArray[] {
  const bindings = bindSymbols(
    func.body.args.map((arg) => arg.type),
    args,
  );
  return evaluateBlock(func.body, args, ops, bindings, options);
}

/** The values of all symbols, from arrays given for types. Throws ModelError where dtype, rank or a dimension does not fit. */
export function bindSymbols(types: readonly TensorType[], arrays: readonly NDArray[]): Map<string, number> {
  const bindings = new Map<string, number>();
  types.forEach((type, i) => {
    const array = arrays[i];
    const fits =
      array !== undefined && array.dtype === type.dtype && array.shape.length === type.shape.length;
    const mismatch = (): ModelError =>
      new ModelError(`argument ${i} does not fit`, {
        expected: printType(type),
        got: array === undefined ? "nothing" : printType(array),
      });
    if (!fits) throw mismatch();
    type.shape.forEach((dim, axis) => {
      if (typeof dim === "number") {
        if (dim !== array.shape[axis]) throw mismatch();
        return;
      }
      bindDim(dim, array.shape[axis], bindings, mismatch);
    });
  });
  return bindings;
}

/** Solves coefficient * symbol + rest = size for the symbol; other polynomials must already be settled. */
function bindDim(
  dim: Exclude<TensorType["shape"][number], number>,
  size: number,
  bindings: Map<string, number>,
  mismatch: () => ModelError,
): void {
  const open = dim.terms.filter((term) => term.symbols.some((name) => !bindings.has(name)));
  if (open.length === 1 && open[0].symbols.length === 1) {
    const settled = dim.terms.filter((term) => term !== open[0]);
    const rest = settled.reduce(
      (sum, term) => sum + term.symbols.reduce((p, name) => p * (bindings.get(name) ?? 0), term.coefficient),
      0,
    );
    const value = (size - rest) / open[0].coefficient;
    if (!Number.isInteger(value) || value < 0) throw mismatch();
    bindings.set(open[0].symbols[0], value);
    return;
  }
  const value = evaluateShape([dim], bindings)[0];
  if (value !== size) throw mismatch();
}
