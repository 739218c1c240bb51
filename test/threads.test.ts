// Threads: loops are shared only where that is safe, and no bit of a result depends on how many threads there are.

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { packageArtifact } from "../compiler/package/artifact.ts";
import { compile } from "../compiler/pipeline.ts";
import { bindSymbols } from "../ir/evaluate.ts";
import { interpretProgram } from "../ir/interpret.ts";
import {
  add,
  type Expr,
  type For,
  int,
  type Kernel,
  load,
  mul,
  type Stmt,
  scalar,
  store,
} from "../ir/kernel.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import type { Bundle, Program, Step } from "../ir/program.ts";
import { substitute, visitStmts } from "../ir/walk-kernel.ts";
import { Aliases, aliasesOf } from "../targets/aliasing.ts";
import { schedulerFor } from "../targets/schedule/scheduler.ts";
import { type SharedWork, shareWork } from "../targets/threads/share-work.ts";
import { wasm } from "../targets/wasm/emit.ts";
import { loopSource, mnistSource } from "./support/artifact-fixture.ts";
import { runModule, runProgram, temporaryFolder } from "./support/artifact-folder.ts";
import { randomFunc } from "./support/random-graph.ts";
import { randomArguments } from "./support/run-func.ts";
import { requireTool } from "./support/tools.ts";
import { globalBuffer, kernelOf, loopOf } from "./support/wasm-kernels.ts";

// ---- which loops ----

const out = globalBuffer("out", 4096);
const source = globalBuffer("source", 4096);
const value = load(source, [int(0)]);

/** The names of the loops that threads share in a kernel with this body, outermost first. */
function sharedIn(body: readonly Stmt[], aliases = new Aliases()): string[] {
  const kernel = kernelOf(
    "k",
    [
      ["read", source],
      ["readwrite", out],
    ],
    body,
  );
  const work = shareWork(kernel, aliases, 0);
  const names: string[] = [];
  visitStmts(body, (stmt) => {
    if (stmt.kind === "for" && work?.shared.has(stmt)) names.push(stmt.var.name);
  });
  return names;
}

const at = (...parts: readonly (readonly [Expr, number])[]): Expr =>
  parts.map(([v, by]) => mul(v, int(by))).reduce(add);

test("a loop over rows is shared, and the one inside where it falls into equal parts better", () => {
  const rows = (count: number): Stmt =>
    loopOf("row", count, (row) => [
      loopOf("column", 64, (column) => [store(out, [at([row, 64], [column, 1])], value)]),
    ]);
  assert.equal(sharedIn([rows(16)]), ["row"]);
  assert.equal(sharedIn([rows(3)]), ["column"]);
});

test("columns in tiles are shared around rows of unknown number", () => {
  const size = load(source, [int(1)]);
  const many = { kind: "cast", dtype: "i32", lanes: 1, arg: size } as Expr;
  const tile = (row: Expr, column: Expr): Stmt[] =>
    [0, 4].map((lane) =>
      store(out, [add(at([row, 64], [column, 8]), int(lane))], { ...value, lanes: 4 } as Expr),
    );
  assert.equal(
    sharedIn([loopOf("column", 8, (column) => [loopOf("row", many, (row) => tile(row, column))])]),
    ["column"],
  );
});

test("what iterations write must be theirs alone", () => {
  const write = (index: (i: Expr) => Expr): string[] =>
    sharedIn([loopOf("i", 64, (i) => [store(out, [index(i)], value)])]);
  assert.equal(
    write((i) => i),
    ["i"],
  );
  assert.equal(
    write(() => int(7)),
    [],
  );
  assert.equal(
    write((i) => scalar("mod", i, int(8))),
    [],
  );
  assert.equal(
    write((i) => ({ kind: "cast", dtype: "i32", lanes: 1, arg: load(source, [i]) })),
    [],
  );
  // Windows of three that overlap by one.
  assert.equal(
    sharedIn([loopOf("i", 64, (i) => [loopOf("j", 3, (j) => [store(out, [at([i, 2], [j, 1])], value)])])]),
    [],
  );
});

test("a sum over iterations is not shared; reading a neighbour's element is not either", () => {
  assert.equal(
    sharedIn([loopOf("i", 64, (i) => [store(out, [int(0)], add(load(out, [int(0)]), load(source, [i])))])]),
    [],
  );
  assert.equal(sharedIn([loopOf("i", 64, (i) => [store(out, [i], load(out, [i]))])]), ["i"]);
  assert.equal(sharedIn([loopOf("i", 64, (i) => [store(out, [i], load(out, [add(i, int(1))]))])]), []);
});

test("arguments that share memory count as one", () => {
  const shifted = [loopOf("i", 64, (i) => [store(out, [i], load(source, [add(i, int(1))]))])];
  const same = [loopOf("i", 64, (i) => [store(out, [i], load(source, [i]))])];
  const aliases = (relation: "same" | "partial"): Aliases => {
    const found = new Aliases();
    found.note(0, 1, relation);
    return found;
  };
  assert.equal(sharedIn(shifted), ["i"]);
  assert.equal(sharedIn(shifted, aliases("same")), []);
  assert.equal(sharedIn(same, aliases("same")), ["i"]);
  assert.equal(sharedIn(same, aliases("partial")), []);
});

test("threads meet before they read what others wrote", () => {
  const first = loopOf("i", 64, (i) => [store(out, [i], value)]);
  const second = loopOf("j", 64, (j) => [store(source, [j], load(out, [scalar("sub", int(63), j)]))]);
  const kernel = kernelOf(
    "k",
    [
      ["readwrite", source],
      ["readwrite", out],
    ],
    [first, second],
  );
  const work = shareWork(kernel, new Aliases(), 0);
  assert.is(work?.shared.size, 2);
  assert.equal([...(work?.meetings ?? [])], [second]);
});

// ---- the same bits ----

/** The part of one thread, of the statements between two meetings; what fills registers comes along. */
function partOf(
  kernel: Kernel,
  work: SharedWork,
  phase: readonly Stmt[],
  thread: number,
  threads: number,
): Kernel {
  const part = (stmts: readonly Stmt[]): readonly Stmt[] =>
    stmts.map((stmt): Stmt => {
      if (stmt.kind !== "for") return stmt;
      return work.shared.has(stmt) ? cut(stmt, thread, threads) : { ...stmt, body: part(stmt.body) };
    });
  const isOurs = (stmt: Stmt): boolean => {
    const [writes] = [
      [...(stmt.kind === "for" || stmt.kind === "store" || stmt.kind === "if" ? [stmt] : [])],
    ];
    if (writes.length === 0 || !writesMemory(stmt)) return true;
    return phase.includes(stmt) && (thread === 0 || !work.alone.has(stmt));
  };
  return { ...kernel, body: part(kernel.body.filter(isOurs)) };
}

function writesMemory(stmt: Stmt): boolean {
  let writes = false;
  visitStmts([stmt], (inner) => {
    writes ||= inner.kind === "store" && inner.buffer.space === "global";
  });
  return writes;
}

/** The iterations from extent * thread / threads on. */
function cut(loop: For, thread: number, threads: number): For {
  const bound = (t: number): Expr => scalar("floordiv", mul(loop.extent, int(t)), int(threads));
  const [begin, end] = [bound(thread), bound(thread + 1)];
  const variable = { ...loop.var };
  const counter: Expr = { kind: "var", dtype: "i32", lanes: 1, var: variable };
  const body = substitute(loop.body, new Map([[loop.var, add(begin, counter)]]));
  return { ...loop, var: variable, extent: scalar("sub", end, begin), body };
}

/** The program with each shared launch done in parts, the last thread's first. */
function inParts(bundle: Bundle, threads: number): { program: Program; shared: number } {
  const aliases = aliasesOf(bundle);
  let shared = 0;
  const visit = (steps: readonly Step[]): Step[] =>
    steps.flatMap((step): Step[] => {
      if (step.kind === "chunks") return [{ ...step, body: visit(step.body) }];
      const known = step.kind === "launch" ? aliases.get(step.kernel) : undefined;
      const work = step.kind === "launch" && known ? shareWork(step.kernel, known, 0) : undefined;
      if (step.kind !== "launch" || work === undefined) return [step];
      shared += work.shared.size;
      const phases: Stmt[][] = [[]];
      for (const stmt of step.kernel.body) {
        if (work.meetings.has(stmt)) phases.push([]);
        phases[phases.length - 1].push(stmt);
      }
      return phases.flatMap((phase) =>
        Array.from({ length: threads }, (_, i): Step => {
          const kernel = partOf(step.kernel, work, phase, threads - 1 - i, threads);
          return { ...step, kernel };
        }),
      );
    });
  const [program] = bundle.programs;
  return { program: { ...program, steps: visit(program.steps) }, shared };
}

const bits = (arrays: readonly NDArray[]): string[] =>
  arrays.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"));

test("parts run in another order give the same bits: random graphs, three threads", () => {
  let shared = 0;
  for (let seed = 0; seed < 60; seed++) {
    const func = randomFunc(seed, opTable);
    const { inputs, values } = randomArguments(func, seed);
    const { bundle } = compile(func.name, { funcs: [func] }, values, schedulerFor(wasm.limits));
    const run = (program: Program): string[] => {
      const stores = { weights: bundle.weights.bytes.slice(), state: bundle.state.bytes.slice() };
      return bits(interpretProgram(program, stores, inputs, bindSymbols(program.inputs, inputs)));
    };
    const parts = inParts(bundle, 3);
    shared += parts.shared;
    assert.equal(run(parts.program), run(bundle.programs[0]), `seed ${seed}`);
  }
  assert.ok(shared > 100, `${shared} loops were shared`);
});

// ---- real threads ----

const folder = temporaryFolder();

test("wasm: one, two and three threads give the same bits, in predictions and in training", async () => {
  await packageArtifact(mnistSource({ train: true }), { targets: ["wasm"], out: folder, bare: true });
  const { code, stdout, stderr } = runModule(
    folder,
    "threads.mjs",
    `import { load } from "./wasm/model.js";
     const x = Float32Array.from({ length: 20 * 784 }, (_, i) => (i * 37 % 101) / 101);
     const y = Float32Array.from({ length: 200 }, (_, i) => Number(i % 11 === 0));
     const said = [];
     for (const threads of [1, 2, 3]) {
       const model = await load({ threads });
       const found = [];
       for (let i = 0; i < 3; i++) found.push(JSON.stringify([...model.predict(x).probabilities]), (await model.trainStep(x, y)).loss);
       said.push(found.join() + Buffer.from(model.getState()).toString("base64"));
     }
     console.log(new Set(said).size, said[0].length);`,
  );
  assert.is(code, 0, stderr);
  assert.match(stdout, /^1 \d{6}/);
});

const loopProgram = `import { load } from "./wasm/model.js";
  const x = Float32Array.from({ length: 4096 }, (_, i) => (i * 37 % 101) / 101 - 0.5);
  const w = x.map((v, i) => v / 4 + Number(i % 65 === 0));
  const said = [];
  for (const threads of [1, 2, 3]) {
    const model = await load({ threads });
    said.push([0, 1, 5].map((count) => JSON.stringify([...model.predict({ count: Float32Array.of(count), x, w }).y])).join());
  }
  console.log(new Set(said).size, said[0].length);`;

test("wasm: loops of which data decides the length run on several threads", async () => {
  const out = temporaryFolder();
  await packageArtifact(loopSource(), { targets: ["wasm"], out, bare: true });
  const { code, stdout, stderr } = runModule(out, "loop.mjs", loopProgram);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^1 \d{5}/);
});

test("C++: so do those in C++", async () => {
  const compiler = requireTool("g++");
  if (compiler === undefined) return;
  const out = temporaryFolder();
  await packageArtifact(loopSource(), { targets: ["cpp"], out, bare: true });
  const source = readFileSync(join(out, "cpp/model.cpp"), "utf8");
  assert.match(source, /const bool goes_on = .*;\n\s+thread.meet\(\);\n\s+if \(!goes_on\) break;/);
  const main = `#include <cstdio>
    #include <cstdlib>
    #include <vector>
    #include "cpp/model.hpp"
    int main(int, char** argv) {
      keratin::loop::Model model("cpp/weights.bin");
      model.set_threads(std::atoi(argv[1]));
      std::vector<float> x(4096), w(4096), y(4096);
      for (int i = 0; i < 4096; i++) x[i] = float(i * 37 % 101) / 101 - 0.5f, w[i] = x[i] / 4 + (i % 65 == 0);
      for (float count : {0.0f, 1.0f, 5.0f}) {
        model.predict(&count, x.data(), w.data(), y.data());
        for (float value : y) std::printf("%a ", value);
      }
    }`;
  writeFileSync(join(out, "main.cpp"), main);
  const built = runProgram(
    compiler,
    ["-std=c++17", "-O1", "-pthread", "main.cpp", "cpp/model.cpp", "-o", "loop"],
    { cwd: out },
  );
  assert.is(built.code, 0, built.stderr);
  const found = ["1", "2", "3"].map(
    (threads) => runProgram(join(out, "loop"), [threads], { cwd: out }).stdout,
  );
  assert.ok(found[0].length > 50_000);
  assert.is(new Set(found).size, 1);
});

test("wasm: an engine with relaxed SIMD gets its own variant, which differs by rounding alone", () => {
  const relaxed = temporaryFolder();
  cpSync(join(folder, "wasm"), join(relaxed, "wasm"), { recursive: true });
  const program = `import { load } from "./wasm/model.js";
    const x = Float32Array.from({ length: 784 }, (_, i) => (i * 37 % 101) / 101);
    console.log(JSON.stringify([...(await load()).predict(x).probabilities]));`;
  writeFileSync(join(relaxed, "predict.mjs"), program);
  const plain = JSON.parse(runModule(folder, "predict.mjs", program).stdout) as number[];
  // Newer versions have it without the flag.
  const flags = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];
  rmSync(join(relaxed, "wasm", "model.wasm"));
  const { code, stdout, stderr } = runProgram(process.execPath, [...flags, "predict.mjs"], { cwd: relaxed });
  assert.is(code, 0, stderr);
  (JSON.parse(stdout) as number[]).forEach((value, i) => void assert.ok(Math.abs(value - plain[i]) < 1e-5));
});

test("wasm: a strict artifact has no such variant", async () => {
  const strict = temporaryFolder();
  await packageArtifact(mnistSource(), { targets: ["wasm"], out: strict, bare: true, strict: true });
  assert.not.ok(readdirSync(join(strict, "wasm")).includes("model.relaxed.wasm"));
  assert.not.match(
    readFileSync(join(strict, "wasm", "model.js"), "utf8"),
    /relaxed:(true|!0)|"relaxed":true/,
  );
});

test("wasm: threads end when told to, and a process ends without that", () => {
  const { code, stdout, stderr } = runModule(
    folder,
    "end.mjs",
    `import { load } from "./wasm/model.js";
     const [a, b] = await Promise.all([load({ threads: 2 }), load({ threads: 2 })]);
     a.destroy();
     console.log(b.predict(new Float32Array(784)).probabilities.length);`,
  );
  assert.is(code, 0, stderr);
  assert.is(stdout.trim(), "10");
});

test.run();
