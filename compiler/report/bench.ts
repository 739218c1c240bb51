/**
 * Measures a model: each target cold, at its first call and steady; each kernel; what each pass buys; and, beside them, the same model
 * run eagerly, one op at a time.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { evaluateDim, evaluateShape, symbolsOf } from "../../ir/dim.ts";
import { Unsupported } from "../../ir/errors.ts";
import type { Func } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";
import { type Bundle, launchesOf } from "../../ir/program.ts";
import type { TypedArray } from "../../runtime/manifest.ts";
import { WasmModel } from "../../runtime/wasm.ts";
import type { TargetName } from "../../targets/target.ts";
import { emitWasm } from "../../targets/wasm/emit.ts";
import { compileFor } from "../package/artifact.ts";
import { artifactFolder } from "../package/artifact-folder.ts";
import { flopsOf } from "../package/flops.ts";
import { writeFolders } from "../package/folder.ts";
import { openArtifact } from "../package/open-artifact.ts";
import { randomArray, randomNumbers } from "../package/random.ts";
import { startRunner } from "../package/runners/start.ts";
import type { ArtifactSource } from "../package/source.ts";
import { wasmManifest } from "../package/wasm-manifest.ts";
import { graphPasses } from "../pipeline.ts";
import { type KernelTime, kernelTimes } from "./kernel-times.ts";
import { type ProgramFacts, programFacts } from "./program-facts.ts";
import { shortener } from "./short-names.ts";
import { repeated, type Timing } from "./timing.ts";

export interface BenchOptions {
  readonly targets: readonly TargetName[];
  readonly batch: number;
  readonly eager?: boolean;
  /** Milliseconds for each steady measurement. */
  readonly budget?: number;
  readonly progress?: (step: string) => void;
}

export interface TargetBench {
  readonly target: TargetName;
  /** Milliseconds: compiling the model; loading the artifact (building it first where that takes a compiler); its first call. */
  readonly compile: number;
  readonly load: number;
  readonly first: number;
  readonly steady: Timing;
  /** Of the best call. */
  readonly flopsPerSecond: number;
  readonly arenaBytes: number;
  readonly codeBytes: number;
  readonly kernels: number;
}

export interface PassBench {
  /** What was left out. */
  readonly pass: string;
  readonly steady?: Timing;
  /** To the time of the complete program, measured in turn with it. */
  readonly ratio?: number;
  readonly kernels?: number;
  readonly arenaBytes?: number;
  /** Why there are no figures. */
  readonly problem?: string;
}

export interface BenchReport {
  readonly model: string;
  readonly batch: number;
  readonly flops: number;
  readonly machine: string;
  readonly targets: readonly TargetBench[];
  /** Targets that this machine cannot run, and why. */
  readonly missing: readonly { readonly target: TargetName; readonly why: string }[];
  readonly eager?: { readonly first: number; readonly steady: Timing };
  /** Of the wasm program. */
  readonly kernels: readonly KernelTime[];
  readonly passes: readonly PassBench[];
  readonly program: ProgramFacts;
}

const ENTRY = "predict";
/** What can be left out beside the graph passes. */
const otherStages = ["chunk-batch", "merge-launches", "schedule"];

export async function bench(source: ArtifactSource, options: BenchOptions): Promise<BenchReport> {
  const { targets, batch, budget = 1000, progress } = options;
  const inputs = randomInputs(source, batch);
  const wasm = compileFor("wasm", source);
  const func = wasm.module.funcs.find(({ name }) => name === ENTRY) as Func;
  const symbols = func.body.args.flatMap(({ type }) => symbolsOf(type.shape));
  const flops = evaluateDim(flopsOf(func, opTable), new Map(symbols.map((name) => [name, batch])));
  const measured: TargetBench[] = [];
  const missing: { target: TargetName; why: string }[] = [];
  for (const target of targets) {
    progress?.(`measure ${target}`);
    try {
      measured.push(await benchTarget(target, source, inputs, { batch, flops, budget }));
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      missing.push({ target, why: error.message });
    }
  }
  if (options.eager) progress?.("measure eager");
  const eager =
    options.eager && source.eager !== undefined ? await benchEager(source.eager, inputs, budget) : undefined;
  progress?.("measure kernels");
  const short = shortener(func);
  const times = kernelTimes(wasm.bundle, ENTRY, inputs, batch, budget / 2);
  const kernels = times.map((time) => ({ ...time, name: short(time.name) }));
  const passes = await benchPasses(source, inputs, batch, budget / 3, progress);
  const program = wasm.bundle.programs.find(({ name }) => name === ENTRY) ?? wasm.bundle.programs[0];
  const facts = programFacts(program, func, batch);
  const machine = `${cpus()[0]?.model ?? process.arch}, ${cpus().length} threads, Node ${process.versions.node}`;
  return {
    model: source.name,
    batch,
    flops,
    machine,
    targets: measured,
    missing,
    eager,
    kernels,
    passes,
    program: facts,
  };
}

/** Inputs of an entry for a batch, the same in every run. */
export function randomInputs({ module }: ArtifactSource, batch: number, entry = ENTRY): NDArray[] {
  const func = module.funcs.find(({ name }) => name === entry);
  const next = randomNumbers(2);
  return (func?.args ?? []).flatMap((role, i) => {
    const type = func?.body.args[i].type;
    if (role.kind !== "input" || type === undefined) return [];
    const sizes = new Map(symbolsOf(type.shape).map((name) => [name, batch]));
    return [randomArray(type.dtype, evaluateShape(type.shape, sizes), next)];
  });
}

interface Circumstances {
  readonly batch: number;
  readonly flops: number;
  readonly budget: number;
}

async function benchTarget(
  target: TargetName,
  source: ArtifactSource,
  inputs: readonly NDArray[],
  { batch, flops, budget }: Circumstances,
): Promise<TargetBench> {
  const scratch = mkdtempSync(join(tmpdir(), "keratin-"));
  try {
    const start = performance.now();
    const compiled = compileFor(target, source);
    const folder = await artifactFolder(target, compiled);
    const compile = performance.now() - start;
    writeFolders(scratch, [folder]);
    const begin = performance.now();
    const runner = await startRunner(openArtifact(join(scratch, target)));
    const load = performance.now() - begin;
    try {
      const first = await runner.measure(ENTRY, inputs);
      const steady = await repeated(() => runner.measure(ENTRY, inputs), budget);
      const program =
        compiled.bundle.programs.find(({ name }) => name === ENTRY) ?? compiled.bundle.programs[0];
      const code = folder.files.filter(({ path }) => /^model\.(wasm|wgsl|js|cpp|cu|h)$/.test(path));
      return {
        target,
        compile,
        load,
        first,
        steady,
        flopsPerSecond: flops / (steady.best / 1e3),
        arenaBytes: evaluateDim(program.arenaBytes, new Map(program.symbols.map((name) => [name, batch]))),
        codeBytes: code.reduce((sum, { contents }) => sum + Buffer.byteLength(contents), 0),
        kernels: launchesOf(program.steps).length,
      };
    } finally {
      await runner.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function benchEager(
  eager: NonNullable<ArtifactSource["eager"]>,
  inputs: readonly NDArray[],
  budget: number,
): Promise<NonNullable<BenchReport["eager"]>> {
  const measure = async (): Promise<number> => {
    const start = performance.now();
    await eager(inputs);
    return performance.now() - start;
  };
  const first = await measure();
  return { first, steady: await repeated(measure, budget) };
}

/** The wasm target without each pass in turn. */
async function benchPasses(
  source: ArtifactSource,
  inputs: readonly NDArray[],
  batch: number,
  budget: number,
  progress?: (step: string) => void,
): Promise<PassBench[]> {
  const found: PassBench[] = [];
  const whole = wasmModel(compileFor("wasm", source).bundle);
  const expected = outputsOf(whole, inputs);
  for (const pass of [...graphPasses.map(({ name }) => name), ...otherStages]) {
    progress?.(`measure without ${pass}`);
    try {
      const { bundle } = compileFor("wasm", source, { disabled: new Set([pass]) });
      const program = bundle.programs.find(({ name }) => name === ENTRY) ?? bundle.programs[0];
      const sizes = new Map(program.symbols.map((name) => [name, batch]));
      const model = wasmModel(bundle);
      if (!agree(outputsOf(model, inputs), expected))
        throw new Error("gives wrong results: it cannot be left out");
      const { steady, ratio } = await compareTimes(model, whole, inputs, budget);
      found.push({
        pass,
        steady,
        ratio,
        kernels: launchesOf(program.steps).length,
        arenaBytes: evaluateDim(program.arenaBytes, sizes),
      });
    } catch (error) {
      // Some stages cannot be left out; which is a fact to report, not a reason to stop.
      found.push({ pass, problem: error instanceof Error ? error.message : String(error) });
    }
  }
  return found;
}

function wasmModel(bundle: Bundle): WasmModel {
  const { bytes, layout } = emitWasm(bundle);
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  return new WasmModel(module, wasmManifest(bundle, layout), bundle.weights.bytes, bundle.state.bytes);
}

function outputsOf(model: WasmModel, inputs: readonly NDArray[]): readonly TypedArray[] {
  const { inputs: ports } = model.manifest.entries[ENTRY];
  const named = ports.map(({ name }, i) => [name, { data: inputs[i].data, shape: inputs[i].shape }]);
  return Object.values(model.call(ENTRY, Object.fromEntries(named)));
}

/** Equal but for rounding in another order. */
const agree = (a: readonly TypedArray[], b: readonly TypedArray[]): boolean =>
  a.every((array, at) =>
    array.every(
      (value: number | bigint, i: number) =>
        Math.abs(Number(value) - Number(b[at][i])) <= 1e-3 * (1 + Math.abs(Number(value))),
    ),
  );

/** Calls both models in turn, so that what else the machine does slows both down. */
async function compareTimes(
  model: WasmModel,
  whole: WasmModel,
  inputs: readonly NDArray[],
  budget: number,
): Promise<{ steady: Timing; ratio: number }> {
  let best = Infinity;
  const time = (measured: WasmModel): number => {
    const start = performance.now();
    outputsOf(measured, inputs);
    return performance.now() - start;
  };
  const steady = await repeated(() => {
    best = Math.min(best, time(whole));
    return time(model);
  }, budget);
  return { steady, ratio: steady.best / best };
}
