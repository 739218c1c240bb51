/**
 * Verifies an artifact: its files are those that were written, and its target gives, for the recorded inputs, what the reference gave.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { byteWidth, dtypes } from "../../ir/dtype.ts";
import { getElement } from "../../ir/elements.ts";
import { ModelError } from "../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../ir/ndarray.ts";
import { type Artifact, damagedFiles } from "./open-artifact.ts";
import { startRunner } from "./runners/start.ts";
import type { RecordedCall, RecordedOutput, RecordedTensor } from "./self-check.ts";

/** How far an output was from the reference. */
export interface Comparison {
  readonly entry: string;
  readonly output: string;
  readonly symbols: { readonly [symbol: string]: number };
  /** The largest difference of an element; NaN where one is a number and the other is not. */
  readonly error: number;
  readonly tolerance: number;
}

export interface Verification {
  /** What is wrong with the files; nothing is run then. */
  readonly damaged: readonly string[];
  readonly comparisons: readonly Comparison[];
  readonly passed: boolean;
}

export const isWithin = ({ error, tolerance }: Comparison): boolean => error <= tolerance;

/** Throws Unsupported where the target cannot run on this machine. */
export async function verifyArtifact(artifact: Artifact): Promise<Verification> {
  const damaged = damagedFiles(artifact);
  if (damaged.length > 0) return { damaged, comparisons: [], passed: false };
  const { path, calls } = artifact.manifest.selfCheck;
  const recorded = new Uint8Array(readFileSync(join(artifact.folder, path)));
  const runner = await startRunner(artifact);
  try {
    const comparisons: Comparison[] = [];
    for (const call of calls) {
      const results = await runner.call(
        call.entry,
        call.inputs.map((tensor) => recordedArray(tensor, recorded)),
      );
      comparisons.push(
        ...call.outputs.map((output, i) =>
          compare(call, output, results[i], recordedArray(output, recorded)),
        ),
      );
    }
    return { damaged, comparisons, passed: comparisons.length > 0 && comparisons.every(isWithin) };
  } finally {
    await runner.close();
  }
}

function recordedArray({ name, dtype, shape, offset }: RecordedTensor, file: Uint8Array): NDArray {
  const size = sizeOf(shape);
  const end = offset + size * byteWidth(dtype);
  if (!(end <= file.length)) {
    throw new ModelError("the recorded tensor lies outside of its file", {
      where: name,
      expected: `at most ${file.length} bytes`,
      got: `${end}`,
      hint: "Compile the model again",
    });
  }
  return { dtype, shape, data: dtypes[dtype].view(file.slice(offset, end).buffer, 0, size) };
}

function compare(
  { entry, symbols }: RecordedCall,
  output: RecordedOutput,
  got: NDArray,
  expected: NDArray,
): Comparison {
  let error = got.data.length === expected.data.length ? 0 : Number.NaN;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [getElement(got, i), getElement(expected, i)];
    if (Object.is(a, b) || a === b) continue;
    const difference = Math.abs(a - b);
    if (!(difference <= error)) error = difference;
    if (Number.isNaN(error)) break;
  }
  return { entry, output: output.name, symbols, error, tolerance: output.tolerance };
}
