/** Who wrote an artifact. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "./loader-text.ts";

/** The version in package.json. */
export function version(): string {
  const { version: text } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as {
    version: string;
  };
  return text;
}

/** "keratin 0.1.0". */
export const generator = (): string => `keratin ${version()}`;
