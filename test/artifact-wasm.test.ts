// Artifacts of the wasm target as their users see them: embedded in Node without anything else, typed, small, the same bytes
// each time, written whole or not at all.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buildArtifacts, packageArtifact } from "../compiler/package/artifact.ts";
import { bundleLoader } from "../compiler/package/loader-text.ts";
import { ModelError } from "../ir/errors.ts";
import { mnistSource, smallSource } from "./support/artifact-fixture.ts";
import { runModule, temporaryFolder } from "./support/artifact-folder.ts";

const out = temporaryFolder();
await packageArtifact(mnistSource({ train: true }), { targets: ["wasm"], out });
await packageArtifact(smallSource(), { targets: ["wasm"], out: join(out, "small") });

const gzipped = (file: string): number => gzipSync(readFileSync(file), { level: 9 }).length;

test("the folder holds what it promises", () => {
  const expected = [
    "manifest.json",
    "model.d.ts",
    "model.js",
    "model.relaxed.wasm",
    "model.wasm",
    "package.json",
    "selfcheck.bin",
    "threads.js",
    "weights.bin",
  ];
  assert.equal(readdirSync(join(out, "wasm")).sort(), expected);
  assert.equal(readdirSync(out).sort(), ["small", "wasm"]);
});

test("it runs in Node by itself, with inputs by name and by position, and into given arrays", () => {
  const { code, stdout, stderr } = runModule(
    out,
    "embed.mjs",
    `import { load } from "./wasm/model.js";
     const model = await load();
     const image = new Float32Array(3 * 784).fill(0.5);
     const { probabilities } = model.predict({ image });
     const out = new Float32Array(30);
     const given = model.predict(image, { out });
     const shaped = model.predict({ image: { data: image, shape: [3, 28, 28, 1] } });
     console.log(JSON.stringify({ sum: probabilities.reduce((a, b) => a + b), length: probabilities.length,
       same: given.probabilities === out && out.every((value, i) => value === probabilities[i] && value === shaped.probabilities[i]) }));`,
  );
  assert.is(code, 0, stderr);
  const { sum, length, same } = JSON.parse(stdout);
  assert.ok(Math.abs(sum - 3) < 1e-4);
  assert.is(length, 30);
  assert.ok(same);
});

test("two inputs, two outputs, narrow types; what does not fit throws with expected and got", () => {
  const { code, stdout, stderr } = runModule(
    join(out, "small"),
    "embed.mjs",
    `import { readFileSync } from "node:fs";
     import { load } from "./wasm/model.js";
     const weights = readFileSync(new URL("./wasm/weights.bin", import.meta.url));
     const model = await load({ weights: new Uint8Array(weights) });
     const x = Float32Array.of(1, 0, 0, 0, 1, 0);
     const { scores, positive } = model.predict({ x, pixel: Uint8Array.of(0, 1) });
     const said = [];
     for (const wrong of [{ x }, { x, pixel: new Float32Array(2) }, { x, pixel: new Uint8Array(3) }, { x: { data: x, shape: [3, 2] }, pixel: new Uint8Array(2) }]) {
       try { model.predict(wrong); said.push("nothing"); } catch (error) { said.push(error.message); }
     }
     const bad = await load({ weights: new Uint8Array(3) }).catch((error) => error.message);
     console.log(JSON.stringify({ scores: [...scores], positive: [...positive], said, bad }));`,
  );
  assert.is(code, 0, stderr);
  const { scores, positive, said, bad } = JSON.parse(stdout);
  assert.equal(scores, [1, 0.5, -1, 1.25]);
  assert.equal(positive, [1, 1, 0, 1]);
  assert.match(said[0], /input "pixel" is missing; expected x, pixel; got x/);
  assert.match(said[1], /wrong type; expected Uint8Array; got Float32Array/);
  assert.match(said[2], /wrong length; expected 2 elements.*got 3/);
  assert.match(said[3], /wrong shape; expected \[n, 3\].*got \[3, 2\]/);
  assert.match(bad, /weights of the wrong size; expected \d+ bytes; got 3/);
});

test("it trains; state is saved and put back; instances are independent", () => {
  const { code, stdout, stderr } = runModule(
    out,
    "train.mjs",
    `import { load } from "./wasm/model.js";
     const [model, other] = await Promise.all([load(), load()]);
     const x = Float32Array.from({ length: 4 * 784 }, (_, i) => (i * 37 % 101) / 101);
     const y = new Float32Array(40);
     for (let i = 0; i < 4; i++) y[10 * i + i] = 1;
     const begin = model.getState();
     const losses = [];
     for (let i = 0; i < 10; i++) losses.push((await model.trainStep(x, y)).loss);
     const trained = model.getState();
     model.setState(begin);
     const again = await model.trainStep(x, y);
     const untouched = await other.trainStep(x, y);
     other.setState(trained);
     const names = model.exportWeights().map(({ name, shape }) => name + " " + shape);
     console.log(JSON.stringify({ losses, again, untouched, names, type: typeof again.accuracy }));`,
  );
  assert.is(code, 0, stderr);
  const { losses, again, untouched, names, type } = JSON.parse(stdout);
  assert.ok(losses[9] < losses[0], `${losses}`);
  assert.is(again.loss, losses[0]);
  assert.is(untouched.loss, losses[0]);
  assert.is(type, "number");
  assert.ok(names.includes("dense_1/kernel 64,10"), names);
});

test("both JavaScript targets are small", async () => {
  const folder = join(temporaryFolder(), "mnist");
  await packageArtifact(mnistSource(), { targets: ["wasm", "wgsl"], out: folder, bare: true });
  for (const [target, limit] of [
    ["wasm", 30_000],
    ["wgsl", 20_000],
  ] as const) {
    const code = readdirSync(join(folder, target)).filter((name) => /\.(js|wasm|wgsl)$/.test(name));
    const size = code.reduce((sum, name) => sum + gzipped(join(folder, target, name)), 0);
    const parts = target === "wasm" ? ([target, "threads"] as const) : [target];
    const texts = await Promise.all(parts.map(bundleLoader));
    const runtime = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
    console.log(`${target}: .js and .${target} ${size} bytes gzipped, of which the runtime ${runtime}`);
    assert.ok(size <= limit, `${size}`);
    assert.ok(runtime <= 6_000, `${runtime}`);
  }
});

test("the same model gives the same bytes", async () => {
  const [first, second] = [
    await buildArtifacts(smallSource(), { targets: ["wasm", "wgsl", "cpp", "cuda"] }),
    await buildArtifacts(smallSource(), { targets: ["wasm", "wgsl", "cpp", "cuda"] }),
  ];
  assert.equal(first, second);
});

test("an earlier artifact is replaced; a folder of the user's is not", async () => {
  const folder = temporaryFolder();
  await packageArtifact(smallSource("one"), { targets: ["wasm"], out: folder });
  await packageArtifact(smallSource("two"), { targets: ["wasm"], out: folder });
  assert.match(readFileSync(join(folder, "wasm/manifest.json"), "utf8"), /"name": "two"/);
  mkdirSync(join(folder, "cpp"));
  writeFileSync(join(folder, "cpp/mine.txt"), "mine");
  const error = await packageArtifact(smallSource("three"), { targets: ["wasm", "cpp"], out: folder }).catch(
    (caught) => caught,
  );
  assert.instance(error, ModelError);
  assert.match(error.message, /will not replace what is no artifact.*mine\.txt/);
  assert.match(readFileSync(join(folder, "wasm/manifest.json"), "utf8"), /"name": "two"/);
  assert.equal(readdirSync(folder).sort(), ["cpp", "wasm"]);
});

test("a folder that cannot be written leaves nothing behind", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  const error = await packageArtifact(smallSource(), {
    targets: ["wasm"],
    out: join(folder, "file/deep/er"),
  }).catch((caught) => caught);
  assert.instance(error, ModelError);
  assert.match(error.message, /cannot write the artifact; got .*ENOTDIR/);
  assert.not(existsSync(join(folder, "file/deep")));
});

test.run();
