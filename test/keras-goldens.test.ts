// deadline: 600
/**
 * Every case of the real Keras on wasm, eager and compiled, but for the training runs, which have a test of their own. The full matrix of
 * backends: `npm run test:goldens -- --backend reference,wasm,cpp,webgpu,cuda`.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kinds, runGoldens } from "./goldens-runner/run-goldens.ts";
import { Goldens, ownGoldens } from "./support/goldens.ts";
import { projectRoot, requireTool } from "./support/tools.ts";

/** Cases whose parts are not there yet: one "kind/name" a line. Whoever makes one pass takes its line away. */
const pending = new Set(
  readFileSync(`${projectRoot}test/goldens-runner/pending.txt`, "utf8").split("\n").filter(Boolean),
);

for (const kind of kinds.filter(({ name }) => name !== "trajectories")) {
  test(kind.name, async () => {
    const failures: string[] = [];
    let passed = 0;
    const selection = { backends: ["wasm"], only: [`${kind.name}/`] };
    for await (const { name, mode, part, problems } of runGoldens(new Goldens(ownGoldens), selection)) {
      if (problems.length === 0) passed += 1;
      else if (!pending.has(name)) failures.push(`${name} ${mode} ${part}: ${problems[0]}`);
    }
    assert.equal(failures, []);
    assert.ok(passed > 0 || kind.name === "constraints");
  });
}

// g++ 12 at -O3 took scalars of the cell for a vector and got them wrong; see COMPILE_FLAGS.
test("ConvLSTM1D in C++", async () => {
  if (requireTool("g++") === undefined) return;
  const selection = { backends: ["cpp"], only: ["layers/ConvLSTM1D"] };
  let passed = 0;
  for await (const { name, mode, part, problems } of runGoldens(new Goldens(ownGoldens), selection)) {
    assert.equal(problems, [], `${name} ${mode} ${part}`);
    passed += 1;
  }
  assert.ok(passed > 0);
});

test.run();
