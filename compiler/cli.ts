/**
 * The command `keratin`. Each subcommand is a file in `cli/`; errors end here, in one line and an exit code: 0 done, 3 not supported by
 * the target or this machine, 1 anything else.
 */
import { Command, CommanderError } from "commander";
import { addBench } from "./cli/bench.ts";
import { addCompile } from "./cli/compile.ts";
import { consoleOutput, ExitCode, errorText, exitCodeOf } from "./cli/console.ts";
import { addInspect } from "./cli/inspect.ts";
import { addOpt } from "./cli/opt.ts";
import { addRun } from "./cli/run.ts";
import { addTune } from "./cli/tune.ts";
import { addVerify } from "./cli/verify.ts";
import { version } from "./package/version.ts";

const commands = [addCompile, addRun, addVerify, addBench, addInspect, addOpt, addTune];

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("keratin")
    .description("Compiles Keras models to WASM, WGSL, C++ and CUDA that need nothing else.")
    .version(version())
    .showHelpAfterError("(keratin --help tells more)")
    .exitOverride();
  const output = consoleOutput();
  for (const add of commands) add(program, output);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.failed;
      return;
    }
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

await main(process.argv.slice(2));
