/**
 * `KERATIN_DUMP=fuse,lower` or `all`: writes the module after each named pass to `keratin-dump/`, as text that `keratin opt` reads back:
 * `00-input.mlir`, `07-fuse.mlir`. The one variable for debugging.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { printModule } from "../../ir/text/graph-print.ts";
import type { CompileOptions } from "../pipeline.ts";
import { makeFolder } from "./folder.ts";

/** What `compile` should tell of; undefined while the variable is not set. */
export function dumpFromEnvironment(target: string, folder = "keratin-dump"): CompileOptions["dump"] {
  const wanted = (process.env.KERATIN_DUMP ?? "").split(",").filter((name) => name !== "");
  if (wanted.length === 0) return undefined;
  return (position, name, module) => {
    if (!wanted.includes(name) && !wanted.includes("all")) return;
    makeFolder(join(folder, target));
    const file = `${String(position).padStart(2, "0")}-${name}.mlir`;
    writeFileSync(join(folder, target, file), printModule(module));
  };
}
