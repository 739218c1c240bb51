// mlir-js beside mlir-opt, process start left out: `node --import tsx test/bench/mlir-js.ts`. Loading, a session, and parse + verify +
// canonicalize of 1,000 operations; mlir-opt tells its own times with -mlir-timing.

import { spawnSync } from "node:child_process";
import { loadMlir } from "../../ir/mlir-js/src/index.ts";
import { tool } from "../support/tools.ts";

/** A function of `count` operations of arith, of which canonicalize finds something to do in every fifth. */
function chain(count: number): string {
  const operators = ["addi", "muli", "xori", "subi"];
  const lines = [
    "func.func @f(%a: i32, %b: i32) -> i32 {",
    "  %zero = arith.constant 0 : i32",
    "  %v0 = arith.addi %a, %b : i32",
  ];
  for (let i = 1; i < count - 2; i++) {
    const right = i % 5 === 0 ? "%zero" : i % 3 === 0 ? "%b" : `%v${Math.max(0, i - 7)}`;
    lines.push(`  %v${i} = arith.${i % 5 === 0 ? "addi" : operators[i % 4]} %v${i - 1}, ${right} : i32`);
  }
  return [...lines, `  return %v${count - 3} : i32`, "}"].join("\n");
}

function best(runs: number, run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

const begin = performance.now();
const mlir = await loadMlir({ variant: "core" });
console.log(`load core: ${(performance.now() - begin).toFixed(1)} ms (cold, file read included)`);
const session = best(50, () => mlir.createContext().dispose());
console.log(`session: ${session.toFixed(2)} ms`);

const text = chain(1000);
const work =
  best(100, () => {
    const context = mlir.createContext();
    context.parse(text).run("builtin.module(canonicalize)");
    context.dispose();
  }) - session;
console.log(`parse + verify + canonicalize, 1,000 operations: ${work.toFixed(2)} ms`);

const path = tool("mlir-opt");
if (path !== undefined) {
  const args = [
    "-mlir-timing",
    "-mlir-timing-display=list",
    "--mlir-disable-threading",
    "--canonicalize",
    "-o",
    "/dev/null",
  ];
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 30; i++) {
    const { stderr } = spawnSync(path, args, { input: text, encoding: "utf8" });
    const seconds = (name: string): number =>
      Number(new RegExp(`^\\s*([\\d.]+) .*\\b${name}$`, "m").exec(stderr)?.[1] ?? Number.NaN);
    least = Math.min(least, 1000 * (seconds("Parser") + seconds("Canonicalizer")));
  }
  console.log(
    `mlir-opt, by its own clock: ${least.toFixed(2)} ms; mlir-js takes ${(work / least).toFixed(2)} times as long`,
  );
}
