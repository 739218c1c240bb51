/** `keratin opt`: runs passes on the text of a module and prints what they leave. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { ModelError } from "../../ir/errors.ts";
import type { Module } from "../../ir/graph.ts";
import { opTable } from "../../ir/ops/index.ts";
import { parseModule } from "../../ir/text/graph-parse.ts";
import { printModule } from "../../ir/text/graph-print.ts";
import { type Pass, runPasses } from "../pass.ts";
import { graphPasses } from "../pipeline.ts";
import type { Output } from "./console.ts";

interface OptOptions {
  readonly passes?: string;
  readonly time?: boolean;
  readonly printBetween?: boolean;
  readonly mlir?: string;
}

export function addOpt(program: Command, output: Output): void {
  program
    .command("opt")
    .description("run passes on a module in text form and print it")
    .argument("<file>", "an .mlir file; - is the standard input")
    .option("-p, --passes <list>", `in this order: ${graphPasses.map(({ name }) => name).join(", ")}`)
    .option(
      "--mlir <pipeline>",
      "run MLIR's own passes on what is left, as mlir-opt takes them (needs mlir-js)",
    )
    .option("--print-between", "print the module after each pass that changes it")
    .option("--time", "print what each pass took")
    .action((file: string, options: OptOptions) => optCommand(file, options, output));
}

async function optCommand(
  file: string,
  { passes = "", time, printBetween, mlir }: OptOptions,
  { print, progress }: Output,
): Promise<void> {
  const names = passes
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const chosen = names.map(passNamed);
  const result = runPasses(parseModule(readText(file)), chosen, {
    ops: opTable,
    record({ name, before, after, milliseconds, hits }) {
      const rules = [...hits].map(([rule, count]) => `${rule} ${count}`).join(", ");
      if (time) progress(`${name}: ${milliseconds.toFixed(1)} ms${rules === "" ? "" : `, ${rules}`}`);
      if (printBetween && before !== after) print(`// after ${name}\n${printModule(after)}`);
    },
  });
  if (mlir !== undefined) print(printModule(await withMlir(result, mlir)).trimEnd());
  else if (!printBetween) print(printModule(result).trimEnd());
}

async function withMlir(module: Module, pipeline: string): Promise<Module> {
  const [{ loadMlirJs }, { runMlirPasses }] = await Promise.all([
    import("../mlir/load.ts"),
    import("../mlir/dialect.ts"),
  ]);
  return runMlirPasses(await loadMlirJs("core"), module, pipeline, opTable);
}

function passNamed(name: string): Pass {
  const found = graphPasses.find((pass) => pass.name === name);
  if (found !== undefined) return found;
  throw new ModelError("unknown pass", {
    where: "-p",
    expected: graphPasses.map((pass) => pass.name).join(", "),
    got: name,
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new ModelError("cannot read the module", { where: file, got: (error as Error).message });
  }
}
