// Artifacts in headless Chromium: in a page, in a module worker, under a strict Content-Security-Policy, and on WebGPU.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageArtifact } from "../compiler/package/artifact.ts";
import { mnistSource } from "./support/artifact-fixture.ts";
import { temporaryFolder } from "./support/artifact-folder.ts";
import { openBrowser, serveFolder } from "./support/chromium.ts";

const out = temporaryFolder();
await packageArtifact(mnistSource({ train: true }), { targets: ["wasm", "wgsl"], out, bare: true });

const call = `const x = new Float32Array(2 * 784).fill(0.5);
const { probabilities } = await model.predict({ image: x });
const { loss } = await model.trainStep(x, new Float32Array(20).fill(0.1));
const result = { sum: probabilities.reduce((a, b) => a + b), length: probabilities.length, loss };`;
const pages: { readonly [name: string]: string } = {
  "wasm.js": `import { load } from "./wasm/model.js"; const model = await load(); ${call} document.title = JSON.stringify(result);`,
  "wgsl.js": `import { load } from "./wgsl/model.js"; const model = await load(); ${call} document.title = JSON.stringify(result);`,
  "worker.js": `import { load } from "./wasm/model.js"; const model = await load(); ${call} postMessage(JSON.stringify(result));`,
  "in-worker.js": `const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = ({ data }) => { document.title = data; };
    worker.onerror = ({ message }) => console.error(message);`,
};
mkdirSync(out, { recursive: true });
for (const [name, text] of Object.entries(pages)) writeFileSync(join(out, name), text);
for (const name of ["wasm", "wgsl", "in-worker"])
  writeFileSync(
    join(out, `${name}.html`),
    `<!doctype html><title></title><script type="module" src="${name}.js"></script>`,
  );

/** Opens a page and returns what its script found. */
async function result(
  page: string,
  csp?: string,
): Promise<{ sum: number; length: number; loss: number } | undefined> {
  const browser = await openBrowser();
  if (browser === undefined) return undefined;
  const server = await serveFolder(out, { csp });
  try {
    const opened = await browser.open(`${server.url}/${page}.html`);
    // waitForFunction would evaluate text in the page, which the strict policies refuse.
    const end = performance.now() + 60_000;
    while ((await opened.page.title()) === "" && opened.errors.length === 0 && performance.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(opened.errors, []);
    return JSON.parse(await opened.page.title());
  } finally {
    await browser.close();
    await server.close();
  }
}

async function works(page: string, csp?: string): Promise<void> {
  const found = await result(page, csp);
  if (found === undefined) return;
  assert.ok(Math.abs(found.sum - 2) < 1e-3, `${found.sum}`);
  assert.is(found.length, 20);
  assert.ok(found.loss > 0 && found.loss < 10, `${found.loss}`);
}

// No inline scripts, no eval: what a careful site sends.
const strict =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'";

test("wasm in a page", () => works("wasm"));
test("wasm in a module worker", () => works("in-worker"));
test("wasm under a strict policy", () => works("wasm", strict));
test("wasm in a worker under a strict policy", () => works("in-worker", strict));
test("wgsl in a page", () => works("wgsl"));
test("wgsl under a policy without wasm", () =>
  works("wgsl", "default-src 'none'; script-src 'self'; connect-src 'self'"));

test.run();
