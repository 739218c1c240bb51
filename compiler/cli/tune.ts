/** `keratin tune`: measures how a model's kernels could be scheduled, and writes what beats the cost model to a file. */
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { Unsupported } from "../../ir/errors.ts";
import type { TargetName } from "../../targets/target.ts";
import type { Loader } from "../backends/loader.ts";
import { nativeLoader } from "../backends/native-loader.ts";
import { wasmLoader } from "../backends/wasm.ts";
import { type TunedKernel, tune } from "../tune/tune.ts";
import { printTuning } from "../tune/tuning-file.ts";
import { type Output, table } from "./console.ts";
import { loadSource } from "./load-source.ts";
import { positiveInteger } from "./numbers.ts";
import { parseTargets } from "./targets.ts";

interface TuneOptions {
  readonly target: string;
  readonly out: string;
  readonly batch: number;
  readonly budget: number;
  readonly train?: boolean;
}

export function addTune(program: Command, output: Output): void {
  program
    .command("tune")
    .description("measure how the kernels of a model could be scheduled and keep what beats the cost model")
    .argument("<model>", "a .keras file, or a .ts or .js module that exports a model")
    .option("-t, --target <name>", "wasm or cpp", "wasm")
    .option("-o, --out <file>", "what compile --tuning takes", "keratin.tuning.json")
    .option("-b, --batch <n>", "samples per call", (text) => positiveInteger(text, "--batch"), 1)
    .option(
      "--budget <ms>",
      "milliseconds for each of the three steps of each kernel",
      (text) => positiveInteger(text, "--budget"),
      150,
    )
    .option("--train", "the kernels of the training step too")
    .action((path: string, options: TuneOptions) => tuneCommand(path, options, output));
}

async function tuneCommand(
  path: string,
  { target, out, batch, budget, train }: TuneOptions,
  output: Output,
): Promise<void> {
  const [name] = parseTargets(target);
  const loader = loaderFor(name);
  const source = await loadSource(path, { train });
  const kernels = await tune(source, loader, { batch, budget, progress: output.progress });
  writeFileSync(out, printTuning(name, kernels));
  for (const line of table(["kernel", "launches", "before", "after", "choice"], kernels.map(row)))
    output.print(line);
  const sum = (of: (kernel: TunedKernel) => number): number =>
    kernels.reduce((total, kernel) => total + kernel.launches * of(kernel), 0);
  const [before, after] = [sum((kernel) => kernel.before), sum((kernel) => kernel.after)];
  const chosen = kernels.filter(({ choice }) => choice !== undefined).length;
  output.print(
    `${chosen} of ${kernels.length} kernels gain; all together ${before.toFixed(3)} ms before, ${after.toFixed(3)} ms after (${(before / after).toFixed(2)}x). Wrote ${out}`,
  );
}

function loaderFor(target: TargetName): Loader {
  if (target === "wasm") return wasmLoader;
  if (target === "cpp") return nativeLoader("cpp");
  throw new Unsupported(target, "tuning", {
    expected: "wasm or cpp",
    got: target,
    hint: "GPU schedules leave nothing to choose yet",
  });
}

function row({ name, launches, choice, before, after }: TunedKernel): string[] {
  const what = Object.entries(choice ?? {}).map(([field, value]) => `${field} ${value}`);
  return [name, `${launches}`, `${before.toFixed(4)} ms`, `${after.toFixed(4)} ms`, what.join(", ") || "-"];
}
