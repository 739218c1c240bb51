// `verify` must notice what changed since the artifact was compiled: one byte of the weights, one opcode; also when whoever
// changed it made the hashes fit, so that only the numbers tell.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageArtifact } from "../compiler/package/artifact.ts";
import { fingerprint } from "../compiler/package/artifact-manifest.ts";
import { openArtifact } from "../compiler/package/open-artifact.ts";
import { verifyArtifact } from "../compiler/package/verify-artifact.ts";
import { mnistSource } from "./support/artifact-fixture.ts";
import { keratin, temporaryFolder } from "./support/artifact-folder.ts";
import { requireTool } from "./support/tools.ts";

const out = temporaryFolder();
await packageArtifact(mnistSource({ train: true }), { targets: ["wasm", "wgsl"], out });

/** A copy of the wasm artifact with one file edited. */
function tampered(
  name: string,
  file: string,
  edit: (bytes: Uint8Array) => void,
  { fixHash = false } = {},
): string {
  const folder = join(out, name);
  cpSync(join(out, "wasm"), folder, { recursive: true });
  const bytes = new Uint8Array(readFileSync(join(folder, file)));
  edit(bytes);
  writeFileSync(join(folder, file), bytes);
  if (!fixHash) return folder;
  const path = join(folder, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  manifest.files[file] = fingerprint(bytes);
  writeFileSync(path, JSON.stringify(manifest));
  return folder;
}

/** Makes a multiplication of vectors an addition: the last in the module, f32x4.mul (0xe6) to f32x4.add (0xe4). */
function changeOpcode(bytes: Uint8Array): void {
  for (let at = bytes.length - 3; at > 0; at--) {
    if (bytes[at] !== 0xfd || bytes[at + 1] !== 0xe6 || bytes[at + 2] !== 0x01) continue;
    bytes[at + 1] = 0xe4;
    return;
  }
  throw new Error("the module has no f32x4.mul");
}

/** The sign and exponent of a weight. */
function flipByte(bytes: Uint8Array): void {
  bytes[bytes.length - 64 * 9 + 3] ^= 0xff;
}

test("an artifact as it was written is right, to a fraction of the tolerance", async () => {
  const { passed, damaged, comparisons } = await verifyArtifact(openArtifact(join(out, "wasm")));
  assert.ok(passed, JSON.stringify(comparisons));
  assert.equal(damaged, []);
  const sizes = new Set(comparisons.map(({ symbols }) => symbols.n));
  assert.ok(sizes.has(1) && sizes.has(7));
  assert.ok(new Set(comparisons.map(({ entry }) => entry)).has("train_step"));
});

test("the command says so and exits with 0", () => {
  const { code, stdout } = keratin(["verify", join(out, "wasm")]);
  assert.is(code, 0);
  assert.match(stdout, /right: \d+ outputs compared, largest error \d\.\d+e-\d+ of /);
});

test("WebGPU gives the recorded answers", () => {
  if (requireTool("swiftshader") === undefined) return;
  const { code, stdout, stderr } = keratin(["verify", join(out, "wgsl")]);
  assert.is(code, 0, stdout + stderr);
  assert.match(stdout, /right/);
});

test("one flipped byte of the weights fails", () => {
  const { code, stdout } = keratin(["verify", tampered("flipped", "weights.bin", flipByte)]);
  assert.is(code, 1);
  assert.match(stdout, /FAILED: weights\.bin has changed/);
});

test("one changed opcode fails", () => {
  const { code, stdout } = keratin(["verify", tampered("opcode", "model.wasm", changeOpcode)]);
  assert.is(code, 1);
  assert.match(stdout, /FAILED: model\.wasm has changed/);
});

test("with hashes made to fit, the numbers tell", async () => {
  const folders = [
    tampered("flipped-fit", "weights.bin", flipByte, { fixHash: true }),
    tampered("opcode-fit", "model.wasm", changeOpcode, { fixHash: true }),
  ];
  for (const folder of folders) {
    const { damaged, passed, comparisons } = await verifyArtifact(openArtifact(folder));
    assert.equal(damaged, []);
    assert.not(passed, JSON.stringify(comparisons));
  }
});

test("a missing file, and a manifest that is none, are named", () => {
  const folder = tampered("cut", "weights.bin", () => undefined);
  writeFileSync(join(folder, "weights.bin"), "");
  assert.match(keratin(["verify", folder]).stdout, /weights\.bin has 0 bytes instead of/);
  writeFileSync(join(folder, "manifest.json"), '{"format": 2}');
  const { code, stderr } = keratin(["verify", folder]);
  assert.is(code, 1);
  assert.match(
    stderr,
    /^error: .*this manifest is not understood; expected format: 1; got 2\. Compile the model again$/m,
  );
});

test.run();
