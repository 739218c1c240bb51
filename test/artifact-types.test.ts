// The declarations of artifacts from the consumer's side: a strict tsc accepts right code against `model.d.ts` and rejects
// wrong shapes, dtypes and names, with nothing else installed.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageArtifact } from "../compiler/package/artifact.ts";
import { mnistSource, smallSource } from "./support/artifact-fixture.ts";
import { runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { projectRoot } from "./support/tools.ts";

const out = temporaryFolder();
const quick = { targets: ["wasm", "wgsl"] } as const;
await packageArtifact(mnistSource({ train: true }), { ...quick, out });
await packageArtifact(smallSource(), { ...quick, out: join(out, "small") });

/** Complaints of tsc, one per line. */
function check(name: string, text: string): string {
  writeFileSync(join(out, name), text);
  const options = [
    "--strict",
    "--noEmit",
    "--module",
    "esnext",
    "--moduleResolution",
    "bundler",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom",
    "--types",
    "",
  ];
  const { stdout } = runProgram(
    process.execPath,
    [join(projectRoot, "node_modules/typescript/bin/tsc"), ...options, name],
    { cwd: out },
  );
  return stdout;
}

test("right code is accepted", () => {
  const text = `import { load, type Model } from "./wasm/model.js";
    import { load as loadGpu } from "./wgsl/model.js";
    import { load as loadSmall } from "./small/wasm/model.js";
    const model: Model = await load({ weights: new URL("https://example.org/w.bin") });
    const image = new Float32Array(784);
    const flat: Float32Array = model.predict({ image }).probabilities;
    model.predict(image, { out: flat });
    model.predict({ image: { data: image, shape: [1, 28, 28, 1] } }, { out: { probabilities: flat } });
    const { loss, accuracy } = await model.trainStep(image, new Float32Array(10));
    const sum: number = loss + accuracy;
    model.setState(model.getState());
    for (const { name, shape, data } of model.exportWeights()) console.log(name, shape.length, data.byteLength, sum);
    const gpu = await loadGpu();
    const later: Float32Array = (await gpu.predict({ image })).probabilities;
    gpu.destroy();
    const { scores, positive } = (await loadSmall()).predict({ x: later, pixel: new Uint8ClampedArray(1) });
    const flags: Uint8Array = positive;
    console.log(scores[0], flags);
    export {};`;
  assert.is(check("right.ts", text), "");
});

const wrong: readonly (readonly [what: string, code: string])[] = [
  ["a shape", "model.predict({ image: { data: image, shape: [1, 28, 28, 3] } });"],
  ["a rank", "model.predict({ image: { data: image, shape: [1, 28, 28] } });"],
  ["a dtype", "model.predict({ image: new Float64Array(784) });"],
  ["a name", "model.predict({ images: image });"],
  ["an output", "model.predict({ image }).logits;"],
  ["a missing argument", "await model.trainStep(image);"],
  ["an array to write to", "model.predict(image, { out: new Int32Array(10) });"],
];

test("wrong code is rejected, each line of it", () => {
  const head =
    'import { load } from "./wasm/model.js";\nconst model = await load();\nconst image = new Float32Array(784);\n';
  const complaints = check("wrong.ts", `${head}${wrong.map(([, code]) => code).join("\n")}\nexport {};\n`);
  wrong.forEach(([what], i) => {
    assert.match(complaints, new RegExp(`wrong\\.ts\\(${i + 4},\\d+\\): error TS`), `${what}: ${complaints}`);
  });
});

test.run();
