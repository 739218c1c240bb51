/**
 * The backends that run programs in this process, by the name that `KERAS_BACKEND` gives. Creating one does no work yet.
 */
import { opTable } from "../../ir/ops/index.ts";
import type { Backend, BackendName } from "../backend.ts";
import { referenceBackend } from "./reference.ts";

export function createBackend(_name: BackendName): Backend {
  return referenceBackend(opTable);
}
