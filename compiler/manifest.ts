/**
 * The manifest of a bundle: what a loader must know of inputs, outputs, sizes and regions.
 */
import { type Dim, printDim } from "../ir/dim.ts";
import type { Bundle, Port, Store } from "../ir/program.ts";
import type { Entry, Manifest, Port as ManifestPort, Region, Size } from "../runtime/manifest.ts";

const size = (dim: Dim): Size => (typeof dim === "number" ? dim : printDim(dim));
const port = ({ name, dtype, shape }: Port): ManifestPort => ({ name, dtype, shape: shape.map(size) });

const region = ({ bytes, fields }: Store): Region => ({
  bytes: bytes.length,
  fields: fields.map(({ name, dtype, shape, offset }) => ({ name, dtype, shape: shape.map(Number), offset })),
});

/** The manifest without what only one target needs. */
export function manifestOf({ name, programs, weights, state }: Bundle): Manifest {
  const entries: { [entry: string]: Entry } = {};
  for (const { name: entry, symbols, inputs, outputs, arenaBytes } of programs) {
    entries[entry] = {
      symbols,
      inputs: inputs.map(port),
      outputs: outputs.map(port),
      arena: size(arenaBytes),
    };
  }
  return { format: 1, name, entries, weights: region(weights), state: region(state) };
}
