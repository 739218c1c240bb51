/**
 * The wasm backend: bundles become modules that run in this process, in Node and in browsers. Loading and calling are synchronous.
 */
import { type Bindings, evaluateDim, evaluateShape } from "../../ir/dim.ts";
import { byteWidth, type DType, dtypes, type TypedArray } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { bindSymbols } from "../../ir/evaluate.ts";
import { type NDArray, sizeOf, zeros } from "../../ir/ndarray.ts";
import type { Bundle, Field, Program } from "../../ir/program.ts";
import { schedulerFor } from "../../targets/schedule/scheduler.ts";
import { emitWasm, wasm } from "../../targets/wasm/emit.ts";
import { ALIGNMENT, PAGE, type WasmLayout } from "../../targets/wasm/layout.ts";
import type { Executable, Loader } from "./loader.ts";

export const wasmLoader: Loader = {
  name: "wasm",
  scheduler: schedulerFor(wasm.limits),
  isSynchronous: true,
  load: (bundles) => bundles.map((bundle) => new WasmExecutable(bundle)),
};

/** Where one binding of the symbols puts arguments and results, and views of that memory. */
interface Frame {
  readonly sizes: readonly number[];
  /** What the program's function takes: sizes, then pointers to inputs and outputs. */
  readonly args: readonly number[];
  readonly inputs: readonly TypedArray[];
  readonly outputs: readonly TypedArray[];
  /** Results of earlier calls whose elements still stand in the place of an input. */
  readonly held: (Result | undefined)[];
  readonly shapes: readonly (readonly number[])[];
  /** The memory the views are of: growing it detaches them. */
  readonly buffer: ArrayBuffer;
}

const align = (address: number): number => Math.ceil(address / ALIGNMENT) * ALIGNMENT;

/** What a call gave. Unlike arrays of the user's, nobody changes it. */
class Result implements NDArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;

  constructor(dtype: DType, shape: readonly number[], data: TypedArray) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }
}

class WasmExecutable implements Executable {
  private readonly bundle: Bundle;
  private readonly layout: WasmLayout;
  private readonly memory: WebAssembly.Memory;
  private readonly entries = new Map<
    string,
    { program: Program; run: CallableFunction; frame: Frame | undefined }
  >();

  constructor(bundle: Bundle) {
    const { bytes, layout } = emitWasm(bundle);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes.slice().buffer));
    this.bundle = bundle;
    this.layout = layout;
    this.memory = exports.memory as WebAssembly.Memory;
    for (const program of bundle.programs) {
      this.entries.set(program.name, {
        program,
        run: exports[program.name] as CallableFunction,
        frame: undefined,
      });
    }
    new Uint8Array(this.memory.buffer).set(bundle.weights.bytes, layout.weights);
    new Uint8Array(this.memory.buffer).set(bundle.state.bytes, layout.state);
  }

  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  call(name: string, inputs: readonly NDArray[]): readonly NDArray[] {
    const entry = this.entries.get(name);
    if (entry === undefined) throw new ModelError("no such function", { got: name });
    const frame = this.frame(entry.program, inputs, entry.frame);
    entry.frame = frame;
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (input === frame.held[i]) continue;
      copyInto(frame.inputs[i], input.data);
      frame.held[i] = input instanceof Result ? input : undefined;
    }
    entry.run(...frame.args);
    const results: NDArray[] = [];
    for (let i = 0; i < frame.outputs.length; i++) {
      const { dtype } = entry.program.outputs[i];
      results.push(new Result(dtype, frame.shapes[i], frame.outputs[i].slice()));
    }
    return results;
  }

  /** The frame of the last call serves again where sizes are the same: always, for programs without symbols. */
  private frame(program: Program, inputs: readonly NDArray[], last: Frame | undefined): Frame {
    if (last !== undefined && last.buffer === this.memory.buffer && program.symbols.length === 0) return last;
    const bindings = bindSymbols(program.inputs, inputs);
    const sizes = program.symbols.map((symbol) => bindings.get(symbol) ?? 0);
    const same =
      last !== undefined &&
      last.buffer === this.memory.buffer &&
      sizes.every((size, i) => size === last.sizes[i]);
    return same ? last : this.place(program, inputs, bindings, sizes);
  }

  private place(
    program: Program,
    inputs: readonly NDArray[],
    bindings: Bindings,
    sizes: readonly number[],
  ): Frame {
    const shapes = program.outputs.map(({ shape }) => evaluateShape(shape, bindings));
    const ports = [...inputs, ...program.outputs.map(({ dtype }, i) => ({ dtype, shape: shapes[i] }))];
    let end = align(this.layout.arena + evaluateDim(program.arenaBytes, bindings));
    const pointers = ports.map(({ dtype, shape }) => {
      const at = end;
      end = align(end + sizeOf(shape) * byteWidth(dtype));
      return at;
    });
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE);
    if (missing > 0) this.memory.grow(missing);
    const { buffer } = this.memory;
    const views = ports.map(({ dtype, shape }, i) => dtypes[dtype].view(buffer, pointers[i], sizeOf(shape)));
    return {
      sizes,
      args: [...sizes, ...pointers],
      inputs: views.slice(0, inputs.length),
      held: [],
      outputs: views.slice(inputs.length),
      shapes,
      buffer,
    };
  }

  read(path: string): NDArray {
    const { field, view } = this.field(path);
    const array = zeros(field.dtype, evaluateShape(field.shape, new Map()));
    copyInto(array.data, view);
    return array;
  }

  write(path: string, value: NDArray): void {
    const { view } = this.field(path);
    if (view.length !== value.data.length) {
      throw new ModelError("a value of another size", {
        where: path,
        expected: `${view.length} elements`,
        got: `${value.data.length}`,
      });
    }
    copyInto(view, value.data);
  }

  private field(path: string): { field: Field; view: TypedArray } {
    for (const region of ["weights", "state"] as const) {
      const field = this.bundle[region].fields.find(({ name }) => name === path);
      if (field === undefined) continue;
      const size = sizeOf(evaluateShape(field.shape, new Map()));
      return {
        field,
        view: dtypes[field.dtype].view(this.memory.buffer, this.layout[region] + field.offset, size),
      };
    }
    throw new ModelError("no such weight or state", { got: path });
  }
}

/** Elements of equal dtype: numbers to numbers, bigints to bigints. */
function copyInto(to: TypedArray, from: TypedArray): void {
  if (to instanceof Float32Array && from instanceof Float32Array) to.set(from);
  else bytesOf(to).set(bytesOf(from));
}

const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
