/** What the loaders of artifacts share. The packager puts two constants in front of their code. */
import {
  type Arrays,
  type Manifest,
  mismatch,
  type Tensor,
  type Tensors,
} from "../../../runtime/manifest.ts";

export type Bytes = ArrayBuffer | Uint8Array;
/** Where bytes come from: themselves, or an address. */
export type Source = Bytes | URL | string;

/** `weights.bin` cut up: the weights, and the initial state from `stateOffset` on. */
export function partsOf(
  file: Bytes,
  manifest: Manifest,
  stateOffset: number,
): { weights: Uint8Array; state: Uint8Array } {
  const bytes = new Uint8Array(file as ArrayBuffer);
  const length = stateOffset + manifest.state.bytes;
  if (bytes.length !== length)
    throw mismatch(`${manifest.name}: weights of the wrong size`, `${length} bytes`, `${bytes.length}`);
  return { weights: bytes.subarray(0, manifest.weights.bytes), state: bytes.subarray(stateOffset) };
}

export const isBytes = (source: object): source is Bytes =>
  ArrayBuffer.isView(source) || Object.prototype.toString.call(source) === "[object ArrayBuffer]";

/** Tensors by the names of an entry's inputs, from a list. */
export function byName({ entries }: Manifest, entry: string, tensors: readonly Tensor[]): Tensors {
  const { inputs } = entries[entry];
  if (tensors.length !== inputs.length)
    throw mismatch(`${entry}: arguments`, inputs.map(({ name }) => name).join(", "), `${tensors.length}`);
  return Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]]));
}

/** Outputs without axes as numbers. */
export const scalars = ({ entries }: Manifest, entry: string, results: Arrays) =>
  Object.fromEntries(
    entries[entry].outputs.map(({ name, shape }) => [
      name,
      shape.length === 0 ? Number(results[name][0]) : results[name],
    ]),
  );
