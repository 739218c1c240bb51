/** `keratin verify`: replays the recorded inputs of artifacts on their targets. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Unsupported } from "../../ir/errors.ts";
import { isArtifact, openArtifact } from "../package/open-artifact.ts";
import { type Comparison, isWithin, type Verification, verifyArtifact } from "../package/verify-artifact.ts";
import { ExitCode, type Output } from "./console.ts";

export function addVerify(program: Command, output: Output): void {
  program
    .command("verify")
    .description("replay the recorded inputs of an artifact on its target and compare with the reference")
    .argument("<dir>", "an artifact, or a folder of artifacts")
    .addHelpText("after", "\nExits with 0 when all are right, 1 when one is not, 3 when none can run here.")
    .action(async (dir: string) => {
      process.exitCode = await verifyCommand(dir, output);
    });
}

async function verifyCommand(dir: string, output: Output): Promise<number> {
  const outcomes: Outcome[] = [];
  for (const folder of artifactsIn(dir)) outcomes.push(await verifyOne(folder, output));
  if (outcomes.includes("failed")) return ExitCode.failed;
  return outcomes.includes("passed") ? ExitCode.done : ExitCode.unsupported;
}

/** The folder itself, or those in it. */
function artifactsIn(dir: string): readonly string[] {
  if (isArtifact(dir) || !existsSync(dir) || !statSync(dir).isDirectory()) return [dir];
  const found = readdirSync(dir)
    .sort()
    .map((name) => join(dir, name))
    .filter(isArtifact);
  return found.length > 0 ? found : [dir];
}

export type Outcome = "passed" | "failed" | "unsupported";

/** Verifies one artifact and prints what came out. */
export async function verifyOne(folder: string, output: Output): Promise<Outcome> {
  const artifact = openArtifact(folder);
  output.progress(`verify ${folder} on ${artifact.manifest.target}`);
  try {
    const verification = await verifyArtifact(artifact);
    for (const line of report(folder, verification)) output.print(line);
    return verification.passed ? "passed" : "failed";
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    output.print(`${folder}: not run: ${error.message}`);
    return "unsupported";
  }
}

function report(folder: string, { damaged, comparisons, passed }: Verification): string[] {
  if (damaged.length > 0) return damaged.map((what) => `${folder}: FAILED: ${what}`);
  const worst = comparisons.reduce((a, b) => (ratio(b) > ratio(a) ? b : a));
  const counted = `${comparisons.length} outputs compared`;
  return [`${folder}: ${passed ? "right" : "FAILED"}: ${counted}, ${describe(worst)}`];
}

/** How near to failing, or beyond. */
const ratio = (comparison: Comparison): number =>
  Number.isNaN(comparison.error)
    ? Infinity
    : isWithin(comparison) && comparison.error === 0
      ? 0
      : comparison.error / comparison.tolerance;

function describe({ entry, output, symbols, error, tolerance }: Comparison): string {
  const sizes = Object.entries(symbols)
    .map(([name, value]) => `${name} = ${value}`)
    .join(", ");
  return `largest error ${error.toExponential(2)} of ${tolerance.toExponential(2)} allowed (${entry}, ${output}, ${sizes})`;
}
