/** The manifest that the wasm loader takes: the bundle's, and where the module keeps its regions. */
import type { Bundle } from "../../ir/program.ts";
import type { Manifest, ThreadLayout } from "../../runtime/manifest.ts";
import type { WasmCode } from "../../targets/wasm/emit.ts";
import { manifestOf } from "../manifest.ts";

export function wasmManifest(
  bundle: Bundle,
  { weights, state, arena }: WasmCode["layout"],
  threads?: ThreadLayout,
): Manifest {
  return { ...manifestOf(bundle), wasm: { weights, state, arena, ...(threads && { threads }) } };
}
