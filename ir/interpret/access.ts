/**
 * Loads and stores: from an index per axis to an element, with every check there is. Bounds are per axis, so that an index that runs over
 * the end of a row into the next is an error too.
 */
import { evaluateShape } from "../dim.ts";
import { CompilerBug } from "../errors.ts";
import type { Buffer } from "../kernel.ts";
import { stridesOf } from "../ndarray.ts";
import { type Frame, printVars, type Scope, slotOfBuffer } from "./frame.ts";
import { isPlain, isWritten, type Memory, markWritten, readElement, writeElement } from "./memory.ts";

export type NumberCode = (frame: Frame) => number;

/** One access to a buffer, `count` elements at a time. */
export interface Place {
  readonly slot: number;
  readonly count: number;
  /** The first element. */
  readonly element: NumberCode;
  readonly fail: (frame: Frame, element: number, problem: string) => CompilerBug;
}

/** Compiles an index into the element it means. `lanes` elements from there on must lie in the last axis. */
export function compilePlace(
  scope: Scope,
  buffer: Buffer,
  index: readonly NumberCode[],
  lanes: number,
): Place {
  const slot = slotOfBuffer(scope, buffer);
  const shape = evaluateShape(buffer.shape, scope.bindings);
  if (index.length !== shape.length) {
    throw new CompilerBug("interpret", `${scope.kernel} indexes ${buffer.name} with the wrong rank`, {
      expected: `${shape.length}`,
      got: `${index.length}`,
    });
  }
  // Buffers of vectors count in vectors along their axes.
  const span = buffer.lanes > 1 ? 1 : lanes;
  const last = shape.length - 1;
  const limits = shape.map((extent, axis) => (axis === last ? extent - span + 1 : extent));
  const strides = stridesOf(shape).map((stride) => stride * buffer.lanes);
  const outside = (frame: Frame): CompilerBug =>
    new CompilerBug("interpret", `${scope.kernel} is out of bounds of ${buffer.name}`, {
      where: printVars(scope, frame),
      expected: `an index below [${shape}]${span > 1 ? `, ${span} elements` : ""}`,
      got: `[${index.map((code) => code(frame))}]`,
    });
  return {
    slot,
    count: buffer.lanes > 1 ? buffer.lanes : lanes,
    element: compileElement(index, limits, strides, outside),
    fail: (frame, element, problem) =>
      new CompilerBug("interpret", `${scope.kernel} ${problem} ${buffer.name}`, {
        where: printVars(scope, frame),
        got: `[${unflatten(element, shape, strides)}] of [${shape}]`,
      }),
  };
}

/** Bounds checks and the dot product with strides; the common ranks without an inner loop. */
function compileElement(
  index: readonly NumberCode[],
  limits: readonly number[],
  strides: readonly number[],
  outside: (frame: Frame) => CompilerBug,
): NumberCode {
  const [i, j] = index;
  const [m, n] = limits;
  const [s] = strides;
  if (index.length === 0) return () => 0;
  if (index.length === 1) {
    return (frame) => {
      const a = i(frame);
      if (!(a >= 0 && a < m)) throw outside(frame);
      return a * s;
    };
  }
  if (index.length === 2) {
    return (frame) => {
      const [a, b] = [i(frame), j(frame)];
      if (!(a >= 0 && a < m && b >= 0 && b < n)) throw outside(frame);
      return a * s + b * strides[1];
    };
  }
  return (frame) => {
    let element = 0;
    for (let axis = 0; axis < index.length; axis++) {
      const a = index[axis](frame);
      if (!(a >= 0 && a < limits[axis])) throw outside(frame);
      element += a * strides[axis];
    }
    return element;
  };
}

function unflatten(element: number, shape: readonly number[], strides: readonly number[]): number[] {
  return shape.map((extent, axis) => Math.floor(element / strides[axis]) % extent);
}

function checkRead(place: Place, frame: Frame, memory: Memory, element: number): void {
  if (memory.access === "write") throw place.fail(frame, element, "reads the write-only");
  if (!isWritten(memory, element))
    throw place.fail(frame, element, "reads an element that was never written, of");
  const conflict = memory.races?.read(element, accessor(frame));
  if (conflict !== undefined)
    throw place.fail(frame, element, `reads what is ${conflict} without a barrier, of`);
}

function checkWrite(place: Place, frame: Frame, memory: Memory, element: number): void {
  if (memory.access === "read") throw place.fail(frame, element, "writes the read-only");
  const conflict = memory.races?.write(element, accessor(frame));
  if (conflict !== undefined)
    throw place.fail(frame, element, `writes what is ${conflict} without a barrier, of`);
}

const accessor = ({ thread, workgroup }: Frame): { group: number; thread: number; phase: number } => ({
  group: workgroup.id,
  thread,
  phase: workgroup.phase,
});

export function compileLoad(place: Place, buffer: Buffer): NumberCode {
  const { slot, element } = place;
  const plain = isPlain(buffer.dtype);
  return (frame) => {
    const memory = frame.memories[slot];
    const at = element(frame);
    checkRead(place, frame, memory, at);
    return plain ? Number(memory.array.data[at]) : readElement(memory, at);
  };
}

export function compileVectorLoad(place: Place): (frame: Frame) => readonly number[] {
  const { slot, element, count } = place;
  return (frame) => {
    const memory = frame.memories[slot];
    const at = element(frame);
    const lanes = new Array<number>(count);
    for (let lane = 0; lane < count; lane++) {
      checkRead(place, frame, memory, at + lane);
      lanes[lane] = readElement(memory, at + lane);
    }
    return lanes;
  };
}

export function compileStore(place: Place, buffer: Buffer, value: NumberCode): (frame: Frame) => void {
  const { slot, element } = place;
  const plain = isPlain(buffer.dtype);
  return (frame) => {
    const memory = frame.memories[slot];
    const at = element(frame);
    checkWrite(place, frame, memory, at);
    const stored = value(frame);
    if (!plain) writeElement(memory, at, stored);
    else {
      memory.array.data[at] = stored;
      markWritten(memory, at);
    }
  };
}

export function compileVectorStore(
  place: Place,
  value: (frame: Frame) => readonly number[],
): (frame: Frame) => void {
  const { slot, element, count } = place;
  return (frame) => {
    const memory = frame.memories[slot];
    const at = element(frame);
    const stored = value(frame);
    for (let lane = 0; lane < count; lane++) {
      checkWrite(place, frame, memory, at + lane);
      writeElement(memory, at + lane, stored[lane]);
    }
  };
}
