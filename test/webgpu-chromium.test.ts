// A bundle in real Chromium, on its software GPU: in a page and in a worker, under a Content-Security-Policy without eval.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { manifestOf } from "../compiler/manifest.ts";
import { wgsl } from "../targets/wgsl/wgsl.ts";
import { openBrowser, serveFolder } from "./support/chromium.ts";
import { projectRoot } from "./support/tools.ts";
import { predictExample, smallBundle } from "./support/webgpu-bundle.ts";
import type { Example, Found } from "./support/webgpu-page.ts";

declare global {
  /** What `webgpu-page.ts` defines in the page. */
  interface Window {
    runModel(example: Example): Promise<Found>;
    runInWorker(example: Example): Promise<Found>;
  }
}

const folder = mkdtempSync(join(tmpdir(), "keratin-webgpu-"));
test.after(() => rmSync(folder, { recursive: true }));

async function writeArtifact(): Promise<void> {
  const { source, plan } = wgsl.emit(smallBundle);
  const write = (name: string, contents: string | Uint8Array): void =>
    writeFileSync(join(folder, name), contents);
  write("model.wgsl", source);
  write("plan.json", JSON.stringify(plan));
  write("manifest.json", JSON.stringify(manifestOf(smallBundle)));
  write("weights.bin", smallBundle.weights.bytes);
  write("state.bin", smallBundle.state.bytes);
  write("index.html", '<!doctype html><title>keratin</title><script type="module" src="page.js"></script>');
  await build({
    absWorkingDir: projectRoot,
    entryPoints: ["test/support/webgpu-page.ts"],
    outfile: join(folder, "page.js"),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
}

test("predict, steps and errors, in a page and in a worker", async () => {
  const browser = await openBrowser();
  if (browser === undefined) return;
  await writeArtifact();
  const server = await serveFolder(folder, { csp: "default-src 'self'" });
  try {
    const { page, errors } = await browser.open(`${server.url}/`);
    const { inputs, y, bright } = predictExample(100);
    const example = { x: [...inputs.x], pixel: [...inputs.pixel] };
    const inPage = await page.evaluate((given) => window.runModel(given), example);
    const inWorker = await page.evaluate((given) => window.runInWorker(given), example);
    for (const found of [inPage, inWorker]) {
      assert.equal(found.y, [...y]);
      assert.equal(found.bright, [...bright]);
      assert.equal(found.losses, [
        [0, 1, 2, 3],
        [-1, 0, 1, 2],
      ]);
      assert.equal(found.state, [-1, 0, 1, 2]);
      assert.match(found.complaint, /input "pixel" is missing/);
    }
    assert.equal(errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test.run();
