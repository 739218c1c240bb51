/** Writes a model as texts of MLIR's: `out/NAME.mlir`, `out/NAME.tosa.mlir`, `out/NAME.stablehlo.mlir`. */
import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../../ir/errors.ts";
import { exportText } from "../mlir/export.ts";
import type { TextTarget } from "../mlir/text-targets.ts";
import { makeFolder } from "../package/folder.ts";
import type { ArtifactSource } from "../package/source.ts";

export interface WrittenText {
  readonly path: string;
  readonly bytes: number;
}

/** Every text is made before any is written. Throws Unsupported for an op without words in a dialect, ModelError where writing fails. */
export function writeTexts(
  targets: readonly TextTarget[],
  { name, module, values }: ArtifactSource,
  out: string,
  batch: number,
): readonly WrittenText[] {
  const texts = targets.map((target) => ({
    path: join(out, target === "mlir" ? `${name}.mlir` : `${name}.${target}.mlir`),
    text: exportText(target, module, values, { batch }),
  }));
  if (texts.length > 0) makeFolder(out);
  return texts.map(({ path, text }) => {
    writeWhole(path, text);
    return { path, bytes: Buffer.byteLength(text) };
  });
}

function writeWhole(path: string, text: string): void {
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new ModelError("cannot write the text", { where: path, got: (error as Error).message });
  }
}
