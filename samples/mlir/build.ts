// Makes static files of the page: `node --import tsx samples/mlir/build.ts FOLDER`. Any web server can show them.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: here,
  entryPoints: ["page.ts"],
  outfile: join(out, "page.js"),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  logLevel: "warning",
});
copyFileSync(join(here, "index.html"), join(out, "index.html"));
copyFileSync(join(here, "../../ir/mlir-js/wasm/core.wasm"), join(out, "core.wasm")); // in a project of yours: node_modules/mlir-js/wasm
