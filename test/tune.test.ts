// `keratin tune`: what is measured, written, read back and used; and that a choice changes the loops, never the numbers.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { wasmLoader } from "../compiler/backends/wasm.ts";
import { keras, layers } from "../compiler/index.ts";
import { kernelKey } from "../compiler/lower/schedules.ts";
import { sourceOf } from "../compiler/package/from-model.ts";
import { compile } from "../compiler/pipeline.ts";
import { tune } from "../compiler/tune/tune.ts";
import { parseTuning, printTuning } from "../compiler/tune/tuning-file.ts";
import { Builder } from "../ir/builder.ts";
import type { BlockArg, Func } from "../ir/graph.ts";
import { opTable } from "../ir/ops/index.ts";
import { launchesOf } from "../ir/program.ts";
import { printKernel } from "../ir/text/kernel-print.ts";
import { type Choice, choiceSteps } from "../targets/schedule/choice.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { difference } from "./support/close.ts";
import { expectedOutputs, interpreted, randomArguments } from "./support/run-func.ts";

const scheduler = schedulerFor(wasm.limits);

/** A convolution whose rows, columns and windows leave every choice open. */
function convolution(): Func {
  const b = new Builder(opTable);
  const arg = (name: string, shape: readonly number[]): BlockArg => ({
    kind: "arg",
    type: { dtype: "f32", shape },
    name,
  });
  const args = [arg("x", [1, 20, 43, 3]), arg("w", [3, 3, 3, 24])];
  const y = b.contract(args[0], args[1], "n h+i w+j c, i j c o -> n h w o");
  return {
    name: "main",
    body: b.block(args, [y]),
    args: args.map(({ name = "" }) => ({ kind: "input", name })),
    results: [{ kind: "output", name: "y" }],
  };
}

test("every choice gives the same numbers", () => {
  const func = convolution();
  const given = randomArguments(func, 5);
  const [want] = expectedOutputs(func, given);
  const choices: Choice[] = choiceSteps.flat();
  for (const choice of choices) {
    const chosen = {
      ...scheduler,
      schedule: (kernel: Parameters<typeof scheduler.schedule>[0]) => scheduler.schedule(kernel, choice),
    };
    const [got] = interpreted(func, given, chosen);
    assert.is(difference(got, want, { absolute: 1e-4, relative: 1e-4 }), undefined, JSON.stringify(choice));
  }
});

test("compile uses the choice of a kernel's key, whatever its names", () => {
  const module = { funcs: [convolution()] };
  const keys: string[] = [];
  const text = (tuning?: ReadonlyMap<string, Choice>): string => {
    const { bundle } = compile("m", module, new Map(), scheduler, {
      tuning,
      onLaunch: ({ kernel }) => keys.push(kernelKey(kernel)),
    });
    return launchesOf(bundle.programs[0].steps)
      .map(({ kernel }) => printKernel(kernel))
      .join("");
  };
  const plain = text();
  assert.is(text(new Map([["0000000000000000", { accumulators: 4 }]])), plain, "another kernel's choice");
  assert.is.not(text(new Map(keys.map((key) => [key, { accumulators: 4 }]))), plain);
  assert.is(new Set(keys).size, keys.length / 3, "the key is the same each time");
});

test("a model is tuned, and the file is read back", async () => {
  const model = keras.Sequential([
    keras.Input([8, 8, 3]),
    layers.Conv2D(8, [3, 3]),
    layers.Flatten(),
    layers.Dense(4),
  ]);
  const source = await sourceOf(model);
  const steps: string[] = [];
  const kernels = await tune(source, wasmLoader, { budget: 5, progress: (step) => steps.push(step) });
  assert.is(steps.length, kernels.length);
  for (const { before, after, launches } of kernels)
    assert.ok(before > 0 && after > 0 && after <= before && launches >= 1);
  const some = kernels.map((kernel, i) => ({
    ...kernel,
    choice: i === 0 ? { accumulators: 6, blocks: 0 } : undefined,
  }));
  const { target, tuning } = parseTuning(printTuning("wasm", some), "memory");
  assert.is(target, "wasm");
  assert.equal([...tuning], [[kernels[0].key, { accumulators: 6, blocks: 0 }]]);
});

test("files that are none of keratin's are refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "keratin-tune-"));
  try {
    const path = join(folder, "t.json");
    const refused = (text: string, message: RegExp): void => {
      writeFileSync(path, text);
      assert.throws(() => parseTuning(readFileSync(path, "utf8"), path), message);
    };
    refused("{", /not a tuning file/);
    refused("{}", /got another format/);
    refused('{"format":"keratin-tuning","version":9}', /got version 9/);
    refused(
      '{"format":"keratin-tuning","version":1,"target":"wasm","kernels":{"a":{"blocks":-1}}}',
      /got blocks: -1/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
