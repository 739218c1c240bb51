// The examples of mlir-js run, and print what they promise.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runProgram } from "./support/artifact-folder.ts";
import { projectRoot } from "./support/tools.ts";

const folder = join(projectRoot, "ir/mlir-js/examples");

/** Something that only the right output contains. */
const expected: Readonly<Record<string, RegExp>> = {
  "01-parse-and-print.ts": /loc\("square.mlir":2:8\)/,
  "02-diagnostics.ts": /typo.mlir:2:10 error: use of undeclared SSA value name/,
  "03-passes.ts": /constant 42 : i32[\s\S]*constant 8 : i32/,
  "04-build.ts": /func.func @add3\(%arg0: i32, %arg1: i32, %arg2: i32\) -> i32/,
  "05-walk.ts": /arith.mulf 2/,
  "06-rewrite.ts": /%1 = arith.addi %0, %0 : i32/,
  "07-types-and-attributes.ts": /\[ 19, 2 \]/,
  "08-own-dialect.ts": /bad.mlir:2:3: error: op expects exactly 2 operands, but got 1/,
  "09-lower-tosa.ts": /scf.for[\s\S]*math.tanh/,
  "10-what-is-there.ts": /AbortError/,
};

test("there are ten", () => assert.equal(readdirSync(folder).sort(), Object.keys(expected)));

const hasFull = existsSync(join(projectRoot, "ir/mlir-js/wasm/full.wasm"));
for (const [name, pattern] of Object.entries(expected)) {
  if (name.startsWith("09") && !hasFull) {
    console.log(`SKIP: ${name}, wasm/full.wasm is not built`);
    continue;
  }
  test(name, () => {
    const { code, stdout, stderr } = runProgram(process.execPath, ["--import", "tsx", join(folder, name)], {
      cwd: projectRoot,
    });
    assert.is(code, 0, stderr);
    assert.match(stdout, pattern);
  });
}

test.run();
