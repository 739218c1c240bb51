// The test runner. Each test/**/*.test.ts runs in a process of its own with a deadline, because uvu has no time limits
// and a promise that never settles ends a run without totals: a file that gives no totals, or dies, has failed here.
//
//   node --import tsx test/run.ts [--setup] [--jobs N] [FILTER…]
//
// `--setup` (what `npm test` says) runs scripts/setup.ts first. Without a filter, tsc and biome come before the tests and
// count as one entry each; with filters only the files whose path contains one of them run. In its first ten lines a file
// may say `// serial` (nothing else runs beside it) and `// deadline: 400` (seconds, instead of 180).
// A test that cannot run prints `SKIP: what, why`; one that lacks a program prints `MISSING: what`. Both are repeated at
// the end, and with CI_STRICT=1 each MISSING is a failure. The last line is `N passed, N failed`.

import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "./support/tools.ts";

const defaultDeadline = 180;
const outputLimit = 8 << 20;

interface Options {
  setup: boolean;
  jobs: number;
  filters: readonly string[];
  strict: boolean;
}

/** What a child process left behind. */
interface Ended {
  output: string;
  code: number | null;
  signal: string | null;
  timedOut: boolean;
  seconds: number;
}

/** The account of one entry: a test file, or a check. */
interface Result {
  name: string;
  passed: number;
  failed: number;
  /** Why it failed, beyond what the output shows. */
  problems: readonly string[];
  /** The SKIP and MISSING lines. */
  notes: readonly string[];
  ended: Ended;
}

interface TestFile {
  path: string;
  serial: boolean;
  deadline: number;
}

// ---- processes ----

/** Those at work; each leads a process group, so that what it started dies with it. */
type Running = Set<ChildProcess>;

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has ended.
  }
}

/** Runs Node with these arguments in the project root, up to a deadline in seconds. */
function runNode(args: readonly string[], deadline: number, running: Running): Promise<Ended> {
  const start = performance.now();
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
  const child = spawn(process.execPath, args, {
    cwd: projectRoot,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  let timedOut = false;
  const collect = (chunk: string): void => {
    output = (output + chunk).slice(-outputLimit);
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(child);
  }, deadline * 1000);
  child.on("exit", () => killGroup(child)); // a browser left open would hold the pipes
  return new Promise((resolve) => {
    child.on("error", (error) => collect(String(error)));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ output, code, signal, timedOut, seconds: (performance.now() - start) / 1000 });
    });
  });
}

// ---- accounts ----

/** The named skips of an output. uvu prints a dot per test without ending the line, so dots may precede them. */
function notesIn(output: string): readonly string[] {
  const lines = output.matchAll(/^[\s•✘]*((?:SKIP|MISSING): .+)$/gm);
  return [...new Set([...lines].map((match) => match[1].trim()))];
}

/** The sum of a row of uvu's totals, or undefined when there is none. */
function totalOf(output: string, row: "Total" | "Passed" | "Skipped"): number | undefined {
  const counts = [...output.matchAll(new RegExp(`^\\s*${row}:\\s+(\\d+)\\s*$`, "gm"))];
  return counts.length === 0 ? undefined : counts.reduce((sum, match) => sum + Number(match[1]), 0);
}

function wayOfEnding(ended: Ended, deadline: number): string | undefined {
  if (ended.timedOut) return `killed after its deadline of ${deadline} s`;
  if (ended.signal !== null) return `killed by ${ended.signal}`;
  return ended.code === 0 ? undefined : `exit code ${ended.code}`;
}

function missingCount(notes: readonly string[], strict: boolean): number {
  return strict ? notes.filter((note) => note.startsWith("MISSING")).length : 0;
}

function accountOfFile(file: TestFile, ended: Ended, strict: boolean): Result {
  const notes = [...notesIn(ended.output)];
  const total = totalOf(ended.output, "Total");
  const passed = totalOf(ended.output, "Passed") ?? 0;
  const skipped = totalOf(ended.output, "Skipped") ?? 0;
  if (skipped > 0) notes.push(`SKIP: ${skipped} tests of this file, by test.skip`);
  const problems: string[] = [];
  let failed = (total ?? 0) - passed;
  const ending = wayOfEnding(ended, file.deadline);
  if (ending !== undefined && failed === 0) problems.push(ending);
  if (total === undefined)
    problems.push("no totals: it ended before its tests did, or never called test.run()");
  else if (total === 0 && notes.length === 0) problems.push("holds no tests");
  if (problems.length > 0) failed += 1;
  if (ending !== undefined && problems.length === 0) problems.push(ending);
  failed += missingCount(notes, strict);
  return { name: file.path, passed, failed, problems, notes, ended };
}

function accountOfCheck(name: string, ended: Ended, deadline: number, strict: boolean): Result {
  const ending = wayOfEnding(ended, deadline);
  const notes = notesIn(ended.output);
  const failed = (ending === undefined ? 0 : 1) + missingCount(notes, strict);
  const problems = ending === undefined ? [] : [ending];
  return { name, passed: ending === undefined ? 1 : 0, failed, problems, notes, ended };
}

/** A failure without a process: a mistyped filter must not look like success. */
function accountOfNothing(problem: string): Result {
  const ended: Ended = { output: "", code: null, signal: null, timedOut: false, seconds: 0 };
  return { name: "test files", passed: 0, failed: 1, problems: [problem], notes: [], ended };
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "    ");
}

/** One line for an entry; its whole output where it failed. */
function show(result: Result): void {
  const { name, passed, failed, problems, notes, ended } = result;
  const mark = failed > 0 ? "FAIL" : "ok  ";
  const counts = failed > 0 ? `${passed} passed, ${failed} failed` : `${passed} passed`;
  console.log(`${mark} ${name.padEnd(44)} ${counts.padEnd(22)} ${ended.seconds.toFixed(1)} s`);
  if (failed === 0) return;
  for (const problem of problems) console.log(`  ${problem}`);
  if (ended.output.trim() !== "") console.log(indent(ended.output));
  else for (const note of notes) console.log(`  ${note}`);
}

// ---- what to run ----

function findTests(filters: readonly string[]): readonly TestFile[] {
  return readdirSync(join(projectRoot, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`)
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort()
    .map(readHead);
}

function readHead(path: string): TestFile {
  const head = readFileSync(join(projectRoot, path), "utf8").split("\n", 10).join("\n");
  const deadline = /^\/\/\s*deadline:\s*(\d+)/m.exec(head)?.[1];
  return {
    path,
    serial: /^\/\/\s*serial\b/m.test(head),
    deadline: deadline === undefined ? defaultDeadline : Number(deadline),
  };
}

/** Runs `work` over the items, at most `jobs` at a time. */
async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
}

interface Check {
  name: string;
  args: readonly string[];
  deadline: number;
}

const setupCheck: Check = { name: "setup", args: ["--import", "tsx", "scripts/setup.ts"], deadline: 1500 };

const checks: readonly Check[] = [
  { name: "tsc --noEmit", args: ["node_modules/typescript/bin/tsc", "--noEmit"], deadline: 180 },
  {
    name: "biome check",
    args: ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
    deadline: 60,
  },
];

async function runAll(options: Options, running: Running): Promise<readonly Result[]> {
  const results: Result[] = [];
  const note = (result: Result): void => {
    results.push(result);
    show(result);
  };
  const runCheck = async ({ name, args, deadline }: Check): Promise<void> =>
    note(accountOfCheck(name, await runNode(args, deadline, running), deadline, options.strict));
  const runFile = async (file: TestFile): Promise<void> => {
    const ended = await runNode(["--import", "tsx", file.path], file.deadline, running);
    note(accountOfFile(file, ended, options.strict));
  };
  if (options.setup) {
    await runCheck(setupCheck);
    if (results[0].failed === 0) console.log(indent(results[0].ended.output));
  }
  if (options.filters.length === 0) await inParallel(checks, options.jobs, runCheck);
  const files = findTests(options.filters);
  const alone = files.filter((file) => file.serial);
  await inParallel(
    files.filter((file) => !file.serial),
    options.jobs,
    runFile,
  );
  await inParallel(alone, 1, runFile);
  if (files.length === 0 && options.filters.length > 0) {
    note(accountOfNothing(`no test file matches ${options.filters.join(" ")}`));
  }
  return results;
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { setup: { type: "boolean", default: false }, jobs: { type: "string", default: "2" } },
  });
  const jobs = Math.max(1, Number.parseInt(values.jobs, 10) || 1);
  return { setup: values.setup, jobs, filters: positionals, strict: process.env.CI_STRICT === "1" };
}

function summarize(results: readonly Result[], strict: boolean): number {
  const sum = (pick: (result: Result) => number): number =>
    results.reduce((total, result) => total + pick(result), 0);
  const notes = results.flatMap((result) => result.notes.map((note) => `  ${note}  (${result.name})`));
  if (notes.length > 0) console.log(`\nnot run${strict ? " (MISSING counts as a failure)" : ""}:`);
  for (const note of notes) console.log(note);
  const failing = results.filter((result) => result.failed > 0).map((result) => result.name);
  if (failing.length > 0) console.log(`\nfailing: ${failing.join(", ")}`);
  const failed = sum((result) => result.failed);
  console.log(`${sum((result) => result.passed)} passed, ${failed} failed`);
  return failed;
}

const options = readOptions();
const running: Running = new Set();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(130);
  });
}
const results = await runAll(options, running);
const failed = summarize(results, options.strict);
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
