// Text goldens of passes. `test/passes/<pass>.mlir` holds cases, split by `// -----`:
//
//     // what the case shows
//     module given
//     // =>
//     module expected
//
// Each case is a numeric test too: both modules are evaluated on random arguments. BLESS=1 rewrites what is expected, never what is given;
// read the difference before committing it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Pass } from "../compiler/pass.ts";
import { liftConstants } from "../compiler/passes/lift-constants.ts";
import type { Module } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import { parseModule } from "../ir/text/graph-parse.ts";
import { printModule } from "../ir/text/graph-print.ts";
import { verifyModule } from "../ir/verify-graph.ts";
import { moduleDifference, roleName } from "./support/call-module.ts";
import { projectRoot } from "./support/tools.ts";

/** Every function is one of tests: what uvu's `test` is. */
type Register = (name: string, run: () => void) => void;

interface Case {
  readonly name: string;
  readonly given: string;
  readonly expected: string;
}

const separator = "// -----";
const arrow = "// =>";
const blessing = process.env.BLESS === "1";

function readCases(path: string): readonly Case[] {
  return readFileSync(path, "utf8")
    .split(`${separator}\n`)
    .map((text) => {
      const [head, ...rest] = text.trim().split("\n");
      const at = rest.indexOf(arrow);
      const given = at < 0 ? rest : rest.slice(0, at);
      const expected = at < 0 ? [] : rest.slice(at + 1);
      return {
        name: head.replace(/^\/\/ */, ""),
        given: given.join("\n").trim(),
        expected: expected.join("\n").trim(),
      };
    });
}

function writeCases(path: string, cases: readonly Case[]): void {
  const texts = cases.map(({ name, given, expected }) => `// ${name}\n${given}\n${arrow}\n${expected}\n`);
  writeFileSync(path, texts.join(`${separator}\n`));
}

const read = (text: string): Module => parseModule(text);
const print = (module: Module): string => printModule(module).trim();

/**
 * Registers one test per case of a pass. A pass must leave the module well-formed and with the same values, print as expected, and change
 * nothing when run again. `hit` is told the rules that fire.
 */
export function goldenTests(
  register: Register,
  pass: Pass,
  hit: (rule: string) => void = () => undefined,
): void {
  const path = join(projectRoot, "test/passes", `${pass.name}.mlir`);
  const cases = readCases(path);
  const blessed: Case[] = [];
  for (const item of cases) {
    register(`${pass.name}: ${item.name}`, () => {
      const after = checkValues(pass, read(item.given), hit);
      blessed.push({ ...item, expected: print(after) });
      if (blessing && blessed.length === cases.length) writeCases(path, blessed);
      if (!blessing) assert.fixture(print(after), item.expected);
    });
  }
}

/** Everything but the text. */
function checkValues(pass: Pass, before: Module, hit: (rule: string) => void): Module {
  verifyModule(before, opTable, "golden");
  const lifted = new Map<string, NDArray>();
  const after = (pass === liftConstants ? liftConstants.collecting(lifted) : pass).run(before, {
    ops: opTable,
    hit,
  });
  verifyModule(after, opTable, pass.name);
  assert.is(pass.run(after, { ops: opTable }), after, "a second run changes something");
  assert.is(print(read(print(after))), print(after), "the text reads back as something else");
  const constants = new Map([...lifted].map(([path, array]) => [roleName({ kind: "param", path }), array]));
  assert.is(moduleDifference(before, after, 5, { absolute: 1e-6, relative: 1e-6 }, { constants }), undefined);
  return after;
}
