// deadline: 600
// serial
// Eager mode keeps no memory: not of operations, not of shapes, however many there were.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ops, type Tensor } from "../compiler/index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Megabytes of the process once garbage is gone. */
async function memory(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage.rss() / 1e6;
}

/** Fails when the second run of `body`, which does as much as the first, makes the process grow. */
async function staysFlat(what: string, most: number, body: (round: number) => void): Promise<void> {
  body(0);
  const before = await memory();
  body(1);
  const after = await memory();
  assert.ok(after - before < most, `${what}: from ${before.toFixed(0)} to ${after.toFixed(0)} MB`);
}

test("a hundred thousand operations", () =>
  staysFlat("operations", 40, () => {
    const a = ops.reshape(
      Array.from({ length: 4096 }, (_, i) => i / 4096),
      [64, 64],
    );
    let x: Tensor = a;
    for (let i = 0; i < 50_000; i++) x = ops.minimum(ops.add(x, a), 1);
    assert.is(x.arraySync().data[4095], 1);
  }));

test("ten thousand shapes", () =>
  staysFlat("shapes", 80, (round) => {
    for (let i = 1; i <= 5000; i++) {
      const size = 5000 * round + i;
      const sum = ops.add(new Float32Array(size).fill(1), new Float32Array(size).fill(2));
      assert.is(sum.arraySync().data[size - 1], 3);
    }
  }));

test("large operands", () =>
  staysFlat("large operands", 150, (round) => {
    for (let i = 1; i <= 100; i++) {
      const size = 1_000_000 + 100 * round + i;
      assert.is(ops.add(new Float32Array(size).fill(1), 2).arraySync().data[size - 1], 3);
    }
  }));

test.run();
