/**
 * Runs emitted bundles through the real loader, and beside them through the interpreter, which is the oracle.
 */
import * as assert from "uvu/assert";
import { manifestOf } from "../../compiler/manifest.ts";
import { type DType, dtypes, type TypedArray } from "../../ir/dtype.ts";
import { interpretProgram } from "../../ir/interpret.ts";
import { ndarray } from "../../ir/ndarray.ts";
import type { Bundle, Program } from "../../ir/program.ts";
import type { Manifest } from "../../runtime/manifest.ts";
import { WasmModel } from "../../runtime/wasm.ts";
import { emitWasm, type WasmOptions } from "../../targets/wasm/emit.ts";
import type { WasmLayout } from "../../targets/wasm/layout.ts";

/** Bytes that certainly lie in a buffer of their own. */
export const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

export const wasmManifest = (
  bundle: Bundle,
  { weights, state, arena }: WasmLayout,
  inlined = false,
): Manifest => ({
  ...manifestOf(bundle),
  wasm: { weights, state, arena, inlined },
});

/** Emits and loads; an invalid module throws with the reason. */
export function modelOf(bundle: Bundle, options: WasmOptions = {}): WasmModel {
  const { bytes, layout } = emitWasm(bundle, options);
  const { inlineData = false } = options;
  const stores = inlineData ? [] : [owned(bundle.weights.bytes), owned(bundle.state.bytes)];
  return new WasmModel(
    new WebAssembly.Module(owned(bytes)),
    wasmManifest(bundle, layout, inlineData),
    ...stores,
  );
}

export function arrayOf(dtype: DType, values: readonly number[]): TypedArray {
  const array = dtypes[dtype].allocate(values.length);
  values.forEach((value, i) => {
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[i] = BigInt(value);
    else array[i] = value;
  });
  return array;
}

/** Reproducible numbers in [-1, 1) that f32 holds. */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed * 2654435761;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/** One call with arrays for the program's inputs, in order; the outputs, in order. */
export function runModel(model: WasmModel, program: Program, inputs: readonly TypedArray[]): TypedArray[] {
  const named = Object.fromEntries(program.inputs.map(({ name }, i) => [name, inputs[i]]));
  const results = model.call(program.name, named);
  return program.outputs.map(({ name }) => results[name] as TypedArray);
}

/** Asserts that a program of the bundle gives the same bits as the interpreter, and returns its outputs. */
export function assertAgrees(
  bundle: Bundle,
  inputs: readonly TypedArray[],
  symbols: ReadonlyMap<string, number> = new Map(),
  program = bundle.programs[0],
): TypedArray[] {
  const outputs = runModel(modelOf(bundle), program, inputs);
  const stores = { weights: bundle.weights.bytes, state: bundle.state.bytes.slice() };
  const arrays = inputs.map((data, i) => ndarray(program.inputs[i].dtype, [data.length], data));
  const expected = interpretProgram(program, stores, arrays, symbols);
  outputs.forEach((output, i) => {
    assertSame(program.outputs[i].name, output, expected[i].data);
  });
  return outputs;
}

/** Equal element by element: NaN is NaN, and 0 is not -0. */
export function assertSame(
  name: string,
  got: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
): void {
  assert.is(got.length, expected.length, `${name}: length`);
  for (let i = 0; i < got.length; i++) {
    if (!Object.is(got[i], expected[i])) assert.unreachable(`${name}[${i}] is ${got[i]}, not ${expected[i]}`);
  }
}
