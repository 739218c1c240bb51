// The page of samples/mlir as static files in real Chromium, under a Content-Security-Policy without eval: what is written runs through the
// passes, and a complaint leads to its line.

import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { openBrowser, serveFolder } from "./support/chromium.ts";
import { projectRoot } from "./support/tools.ts";

const csp = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'unsafe-inline'";

test("modules run through passes, complaints lead to their lines", async () => {
  const browser = await openBrowser({ webgpu: false });
  if (browser === undefined) return;
  const folder = temporaryFolder();
  const built = runProgram(
    process.execPath,
    ["--import", "tsx", join(projectRoot, "samples/mlir/build.ts"), folder],
    {
      cwd: projectRoot,
    },
  );
  assert.is(built.code, 0, built.stderr);
  const server = await serveFolder(folder, { csp });
  try {
    const { page, errors } = await browser.open(`${server.url}/`);
    await page.waitForFunction(() => document.getElementById("result")?.textContent?.includes("muli"));
    const first = await page.textContent("#result");
    assert.is(first?.match(/muli/g)?.length, 1); // cse ran
    assert.not.match(first ?? "", /constant/);

    await page.fill(
      "#source",
      "func.func @g(%x: i32) -> i32 {\n  %0 = arith.addi %x, %y : i32\n  return %0 : i32\n}",
    );
    const complaint = page.locator("#diagnostics button");
    assert.match((await complaint.textContent()) ?? "", /^2:23 error: use of undeclared SSA value name/);
    await complaint.click();
    const selected = await page.evaluate(() => {
      const field = document.getElementById("source") as HTMLTextAreaElement;
      return field.value.slice(field.selectionStart, field.selectionEnd);
    });
    assert.is(selected, "%y : i32");

    await page.fill("#pipeline", "builtin.module(nonesuch)");
    await page.fill("#source", "module {}");
    assert.match((await complaint.textContent()) ?? "", /nonesuch/);
    assert.ok((await page.locator("#passes option").count()) >= 4);
    assert.equal(errors, []);
  } finally {
    await browser.close();
    await server.close();
  }
});

test.run();
