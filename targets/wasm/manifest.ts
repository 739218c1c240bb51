/**
 * The manifest of a bundle as the runtime reads it: plain data, dimensions as text. Whoever writes an artifact adds what else it promises
 * (hashes, FLOPs); whoever runs the module in this process uses it as it is.
 */
import { type Dim, printDim } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Bundle, Port, Program, Store } from "../../ir/program.ts";
import type * as runtime from "../../runtime/manifest.ts";
import type { WasmLayout } from "./layout.ts";

/** `inlined`: the module was emitted with `inlineData`. */
export function wasmManifest(bundle: Bundle, layout: WasmLayout, inlined = false): runtime.Manifest {
  const { weights, state, arena } = layout;
  return {
    format: 1,
    name: bundle.name,
    entries: Object.fromEntries(bundle.programs.map((program) => [program.name, entryOf(program)])),
    weights: regionOf(bundle.weights),
    state: regionOf(bundle.state),
    wasm: inlined ? { weights, state, arena, inlined } : { weights, state, arena },
  };
}

const sizeOf = (dim: Dim): runtime.Size => (typeof dim === "number" ? dim : printDim(dim));
const portOf = ({ name, dtype, shape }: Port): runtime.Port => ({ name, dtype, shape: shape.map(sizeOf) });

const entryOf = ({ symbols, inputs, outputs, arenaBytes }: Program): runtime.Entry => ({
  symbols,
  inputs: inputs.map(portOf),
  outputs: outputs.map(portOf),
  arena: sizeOf(arenaBytes),
});

const regionOf = ({ bytes, fields }: Store): runtime.Region => ({
  bytes: bytes.length,
  fields: fields.map(({ name, dtype, shape, offset }) => ({ name, dtype, offset, shape: shape.map(fixed) })),
});

function fixed(dim: Dim): number {
  if (typeof dim === "number") return dim;
  throw new CompilerBug("wasm manifest", `a stored tensor has a symbolic dimension ${printDim(dim)}`);
}
