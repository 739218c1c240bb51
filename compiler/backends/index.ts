/**
 * The backends that run programs in this process, by the name that `KERAS_BACKEND` gives. Creating one does no work yet.
 */
import { opTable } from "../../ir/ops/index.ts";
import type { Backend, BackendName } from "../backend.ts";
import { CompiledBackend } from "./compiled.ts";
import { nativeLoader } from "./native-loader.ts";
import { referenceBackend } from "./reference.ts";
import { wasmLoader } from "./wasm.ts";
import { webgpuLoader } from "./webgpu.ts";

export function createBackend(name: BackendName): Backend {
  switch (name) {
    case "reference":
      return referenceBackend(opTable);
    case "wasm":
      return new CompiledBackend(wasmLoader);
    case "cpp":
    case "cuda":
      return new CompiledBackend(nativeLoader(name));
    case "webgpu":
      return new CompiledBackend(webgpuLoader());
  }
}
