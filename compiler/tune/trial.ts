/**
 * One kernel scheduled in several ways, as programs of one bundle that run on memory of their own: what a measurement calls.
 */
import { type Dim, evaluateDim } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Bundle, Program, Slot, Step } from "../../ir/program.ts";

export type Launch = Extract<Step, { kind: "launch" }>;

/** Buffers begin at multiples of this many bytes. */
const ALIGNMENT = 64;

/** The bundle of `kernels`, entries "0", "1" ...; every symbol counts `batch`. */
export function trialBundle({ kernel, dims }: Launch, kernels: readonly Kernel[], batch: number): Bundle {
  const memory = { weights: 0, arena: 0 };
  const bindings = new Map(kernel.dims.map(({ symbol }) => [symbol, batch]));
  const slots = kernel.params.map(({ buffer, access }): Slot => {
    const region = access === "read" ? "weights" : "arena";
    const size = buffer.shape.reduce<number>((product, dim) => product * evaluateDim(dim, bindings), 1);
    const offset = memory[region];
    memory[region] = Math.ceil((offset + size * byteWidth(buffer.dtype)) / ALIGNMENT) * ALIGNMENT;
    return { name: buffer.name, dtype: buffer.dtype, size, region: { kind: region }, offset };
  });
  const args = slots.map((slot) => ({ slot, advance: 0 }));
  const programs = kernels.map(
    (scheduled, i): Program => ({
      name: `${i}`,
      symbols: [],
      inputs: [],
      outputs: [],
      arenaBytes: memory.arena,
      steps: [{ kind: "launch", kernel: scheduled, args, dims: dims.map((): Dim => batch) }],
    }),
  );
  const fields = slots
    .filter(({ region }) => region.kind === "weights")
    .map(({ name, dtype, size, offset }, i) => ({
      name: `${name}/${i}`,
      dtype,
      shape: [size],
      offset: Number(offset),
    }));
  return {
    name: "trial",
    programs,
    weights: { bytes: smallNumbers(memory.weights), fields },
    state: { bytes: new Uint8Array(0), fields: [] },
  };
}

/** Bytes that are small positive floats and small integers alike, and none of them zero: pages of zeros would share one physical page. */
function smallNumbers(length: number): Uint8Array {
  const words = new Float32Array(Math.ceil(length / 4)).fill(2 ** -6);
  return new Uint8Array(words.buffer, 0, length);
}
