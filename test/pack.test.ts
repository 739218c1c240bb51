// deadline: 400
// The package as npm would publish it, installed in an empty folder: the library from JavaScript and TypeScript, the command,
// and a model compiled by it. The build happens in a copy, because a checkout with a dist/ runs that instead of its sources.

import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ran, runModule, runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { projectRoot } from "./support/tools.ts";

const sources = [
  "bin",
  "compiler",
  "ir",
  "runtime",
  "targets",
  "scripts",
  "package.json",
  "tsconfig.json",
  "LICENSE",
  "README.md",
];

const works = (ran: Ran): Ran => {
  assert.is(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  return ran;
};

/** Builds and packs a copy of the sources; returns the folder it was installed in. */
function installed(): string {
  const [copy, home] = [temporaryFolder(), temporaryFolder()];
  for (const name of sources.filter((path) => readdirSync(projectRoot).includes(path)))
    cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
  mkdirSync(join(copy, "test/support"), { recursive: true });
  symlinkSync(join(projectRoot, "node_modules"), join(copy, "node_modules"));
  works(runProgram(process.execPath, ["--import", "tsx", "scripts/build.ts"], { cwd: copy }));
  works(runProgram("npm", ["pack", "--ignore-scripts", "--pack-destination", home], { cwd: copy }));
  const tarball = readdirSync(home).find((name) => name.endsWith(".tgz")) as string;
  writeFileSync(join(home, "package.json"), '{ "private": true, "type": "module" }');
  const install = ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", tarball];
  works(runProgram("npm", install, { cwd: home }));
  return home;
}

const home = installed();

const model = `keras.Sequential([
  keras.Input([4]),
  layers.Dense(3, { activation: "softmax" }),
])`;

test("the library works from JavaScript", () => {
  const text = `import { keras, layers } from "keratin";
    const model = ${model};
    const out = await model.predict([[1, 2, 3, 4]], { verbose: 0 });
    console.log(out.shape.join());`;
  assert.is(works(runModule(home, "use.mjs", text)).stdout, "1,3\n");
});

test("and from TypeScript, with its types", () => {
  writeFileSync(
    join(home, "use.ts"),
    `import { keras, layers } from "keratin";\nexport const model = ${model};\n`,
  );
  writeFileSync(
    join(home, "wrong.ts"),
    'import { keras, layers } from "keratin";\nlayers.Dense("ten", { activation: 7 });\n',
  );
  const tsc = join(projectRoot, "node_modules/typescript/bin/tsc");
  for (const resolution of [
    ["esnext", "bundler"],
    ["nodenext", "nodenext"],
  ]) {
    const options = [
      "--strict",
      "--noEmit",
      "--module",
      resolution[0],
      "--moduleResolution",
      resolution[1],
      "--target",
      "es2023",
      "--types",
      "",
    ];
    works(runProgram(process.execPath, [tsc, ...options, "use.ts"], { cwd: home }));
    assert.is.not(runProgram(process.execPath, [tsc, ...options, "wrong.ts"], { cwd: home }).code, 0);
  }
});

test("the command compiles a module that imports the package", () => {
  const bin = join(home, "node_modules/.bin/keratin");
  works(
    runProgram(bin, ["compile", "use.ts", "--target", "wasm,wgsl,cpp,cuda", "--out", "dist"], { cwd: home }),
  );
  assert.equal(readdirSync(join(home, "dist")).sort(), ["cpp", "cuda", "wasm", "wgsl"]);
  assert.match(works(runProgram(bin, ["verify", "dist/wasm"], { cwd: home })).stdout, /right/);
  works(runProgram(bin, ["bench", "use.ts", "--time", "10", "--html", "bench.html"], { cwd: home }));
});

test("what was compiled needs nothing of it", () => {
  const text = `import { load } from "./dist/wasm/model.js";
    const { predict } = await load();
    console.log(Object.values(predict(new Float32Array(4)))[0].length);`;
  const alone = temporaryFolder();
  cpSync(join(home, "dist/wasm"), join(alone, "dist/wasm"), { recursive: true });
  assert.is(works(runModule(alone, "alone.mjs", text)).stdout, "3\n");
});

test.run();
