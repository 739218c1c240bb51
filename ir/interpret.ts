/**
 * The interpreter of kernels and programs: the oracle for schedules and emitters. It runs any kernel at any stage of its lowering and
 * checks what no target does:
 *
 *  - every index, axis by axis, against its buffer;
 *  - that no element is read before it was written: registers, local and shared memory, arena and outputs start poisoned;
 *  - that a launch keeps to its parameters' access modes and slots to their regions;
 *  - that no two threads touch one element, one of them writing, without a barrier between (across workgroups: at all in one launch);
 *  - that all threads of a workgroup meet at the same barriers.
 *
 * Threads run in an order drawn from a seed. f32 arithmetic rounds after every operation, and operators without a spelling of their own
 * (exp, tanh ...) have their meaning in `ir/scalar.ts`, correctly rounded as far as double precision goes. 64-bit integers are exact up to
 * 2^53. Every broken rule is a CompilerBug that names kernel, buffer, index and loop variables.
 */
import { type Bindings, evaluateDim, evaluateShape } from "./dim.ts";
import { byteWidth, dtypes, type TypedArray } from "./dtype.ts";
import { CompilerBug } from "./errors.ts";
import { compileKernel, isParallel } from "./interpret/kernel.ts";
import type { Memory } from "./interpret/memory.ts";
import { type Call, type RegionMemory, runSteps } from "./interpret/program.ts";
import { RaceRecord } from "./interpret/races.ts";
import type { Kernel } from "./kernel.ts";
import { bytesOf, type NDArray, sizeOf } from "./ndarray.ts";
import type { Port, Program, Region } from "./program.ts";

export interface InterpretOptions {
  /** Determines the order of threads and workgroups. */
  readonly seed?: number;
}

/**
 * Runs a kernel on one array per parameter, in place. `dims` are the values of `kernel.dims`, in order. Arrays may share an ArrayBuffer:
 * conflicts are found by address.
 */
export function interpretKernel(
  kernel: Kernel,
  args: readonly { readonly data: TypedArray }[],
  dims: readonly number[] = [],
  { seed = 1 }: InterpretOptions = {},
): void {
  const compiled = compileKernel(kernel, dims, seed);
  const granule = Math.min(...kernel.params.map(({ buffer }) => byteWidth(buffer.dtype)));
  const records = new Map<ArrayBufferLike, RaceRecord>();
  const memories = kernel.params.map(({ buffer, access }, i): Memory => {
    const data = args[i]?.data;
    const size = sizeOf(compiled.shapes[i]) * buffer.lanes;
    const fits = data?.length === size && data.constructor === dtypes[buffer.dtype].allocate(0).constructor;
    if (!fits) {
      throw new CompilerBug("interpret", `${kernel.name}: argument ${buffer.name} does not fit`, {
        expected: `${size} elements of ${buffer.dtype}`,
        got: data === undefined ? "nothing" : `${data.length} in a ${data.constructor.name}`,
      });
    }
    const array = { dtype: buffer.dtype, shape: [size], data };
    if (!isParallel(kernel)) return { array, access };
    const record = records.get(data.buffer) ?? new RaceRecord(data.buffer.byteLength, granule);
    records.set(data.buffer, record);
    return { array, access, races: record.view(data.byteOffset, data.BYTES_PER_ELEMENT) };
  });
  compiled.run(memories);
}

/** The bytes that programs of a bundle share. */
export interface Stores {
  readonly weights: Uint8Array;
  /** Updated in place. */
  readonly state: Uint8Array;
}

/**
 * Calls a program. `inputs` are arrays for `program.inputs`, in order; `symbols` gives every symbol in `program.symbols` a value. Returns
 * fresh arrays for `program.outputs`, every element of which the program wrote.
 */
export function interpretProgram(
  program: Program,
  stores: Stores,
  inputs: readonly NDArray[],
  symbols: Bindings = new Map(),
  { seed = 1 }: InterpretOptions = {},
): NDArray[] {
  const readOnly = (name: string, bytes: Uint8Array): RegionMemory => ({
    name,
    bytes: bytes.slice().buffer,
    isReadOnly: true,
  });
  const scratch = (name: string, size: number): RegionMemory => ({
    name,
    bytes: new ArrayBuffer(size),
    marks: new Uint8Array(size),
    isReadOnly: false,
  });
  const outputShapes = program.outputs.map(({ shape }) => evaluateShape(shape, symbols));
  const weights = readOnly("weights", stores.weights);
  const state: RegionMemory = { name: "state", bytes: stores.state.slice().buffer, isReadOnly: false };
  const arena = scratch("arena", evaluateDim(program.arenaBytes, symbols));
  const inputRegions = program.inputs.map((port, i) =>
    readOnly(port.name, bytesOf(checkedInput(program, port, inputs[i], symbols))),
  );
  const outputRegions = program.outputs.map(({ name, dtype }, i) =>
    scratch(name, sizeOf(outputShapes[i]) * byteWidth(dtype)),
  );
  const byKind = (region: Region): RegionMemory | undefined => {
    if (region.kind === "input") return inputRegions[region.index];
    if (region.kind === "output") return outputRegions[region.index];
    return { weights, state, arena }[region.kind];
  };
  const region = (wanted: Region): RegionMemory => {
    const found = byKind(wanted);
    if (found === undefined) throw new CompilerBug("interpret", `${program.name} has no such ${wanted.kind}`);
    return found;
  };
  const call: Call = { program: program.name, region, seed, compiled: new Map() };
  runSteps(program.steps, call, { bindings: symbols, base: 0 });
  stores.state.set(new Uint8Array(state.bytes));
  return program.outputs.map((port, i) => finishedOutput(program, port, outputRegions[i], outputShapes[i]));
}

function checkedInput(program: Program, port: Port, input: NDArray | undefined, symbols: Bindings): NDArray {
  const shape = evaluateShape(port.shape, symbols);
  if (input === undefined || input.dtype !== port.dtype || input.shape.join() !== shape.join()) {
    throw new CompilerBug("interpret", `${program.name}: input ${port.name} does not fit`, {
      expected: `${port.dtype}[${shape}]`,
      got: input === undefined ? "nothing" : `${input.dtype}[${input.shape}]`,
    });
  }
  return input;
}

function finishedOutput(
  program: Program,
  port: Port,
  { bytes, marks }: RegionMemory,
  shape: readonly number[],
): NDArray {
  const missing = marks?.indexOf(0) ?? -1;
  if (missing >= 0) {
    const element = Math.floor(missing / byteWidth(port.dtype));
    throw new CompilerBug(
      "interpret",
      `${program.name} never writes element ${element} of output ${port.name}`,
    );
  }
  return { dtype: port.dtype, shape, data: dtypes[port.dtype].view(bytes, 0, sizeOf(shape)) };
}
