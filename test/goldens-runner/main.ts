/**
 * `npm run test:goldens`: results of the real Keras against ours. KERAS_GOLDENS=DIR names the directory of goldens (default: the copy under
 * test/goldens).
 *
 *     npm run test:goldens -- [--backend reference,wasm,cpp,webgpu,cuda] [--only KIND[/NAME]] [--dump DIR] [--times]
 *
 * Each failure is a line; the last line is `N passed, N failed`, over cases x {eager, compiled} x {forward, gradients where given}.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { writeSafetensors } from "../../compiler/formats/safetensors.ts";
import { Goldens, ownGoldens } from "../support/goldens.ts";
import { type Outcome, runGoldens } from "./run-goldens.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string", multiple: true, default: ["wasm"] },
    only: { type: "string", multiple: true, default: [] },
    dump: { type: "string" },
    times: { type: "boolean", default: false },
  },
});
const listOf = (texts: readonly string[]): string[] => texts.flatMap((text) => text.split(","));

/** The raw results of one check, as DIR/BACKEND/MODE/KIND/NAME.PART.safetensors. */
function dump(folder: string, { backend, mode, name, part, raw }: Outcome): void {
  if (raw.size === 0) return;
  const path = `${folder}/${backend}/${mode}/${name}.${part}.safetensors`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, writeSafetensors(raw));
}

function describe({ name, backend, mode, part, problems }: Outcome): string {
  const [first, ...more] = problems;
  const rest = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return `FAIL ${name} ${backend} ${mode} ${part}: ${first}${rest}`;
}

let [passed, failed, unsupported, previous] = [0, 0, 0, performance.now()];
let worst: Outcome | undefined;
const selection = { backends: listOf(values.backend), only: listOf(values.only) };
for await (const outcome of runGoldens(new Goldens(process.env.KERAS_GOLDENS ?? ownGoldens), selection)) {
  if (outcome.problems.length > 0) {
    failed += 1;
    console.log(describe(outcome));
  } else {
    passed += 1;
    if (outcome.worst > (worst?.worst ?? 0)) worst = outcome;
  }
  if (outcome.unsupported !== undefined) unsupported += 1;
  if (values.dump !== undefined) dump(values.dump, outcome);
  const now = performance.now();
  if (values.times)
    console.log(`${(now - previous).toFixed(0)} ms ${outcome.name} ${outcome.mode} ${outcome.part}`);
  previous = now;
}
if (unsupported > 0)
  console.log(`${unsupported} of those passed are unsupported, as listed in unsupported.ts`);
if (worst !== undefined)
  console.log(
    `worst ratio of difference to tolerance: ${worst.worst.toPrecision(3)}, ${worst.name} ${worst.backend} ${worst.mode} ${worst.part}`,
  );
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
