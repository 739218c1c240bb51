/**
 * `npm run coverage`: writes COVERAGE.md, Keras's public names against ours. The names are data (keras-names.json, made from the real Keras by
 * keras-names.py); what is left out stands in unsupported-names.ts with its reason. A name counts where it leads to something in `keras`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { keras } from "../compiler/index.ts";
import { unsupportedNames } from "./unsupported-names.ts";

interface KerasNames {
  readonly keras: string;
  readonly modules: { readonly [module: string]: { readonly [name: string]: string } };
}

const camel = (name: string): string =>
  name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Python spells classes as we do, and functions and modules with underscores. */
function find(path: readonly string[]): unknown {
  let value: unknown = keras;
  for (const part of path) {
    const holder: unknown = value;
    if ((typeof holder !== "object" && typeof holder !== "function") || holder === null) return undefined;
    value = Reflect.get(holder, part) ?? Reflect.get(holder, camel(part));
  }
  return value;
}

/** Modules whose names stand in another as well: `keras.ops.numpy.sum` is `keras.ops.sum`. */
const homes: readonly (readonly [module: RegExp, home: string])[] = [
  [/^keras\.ops\.(numpy|nn)$/, "keras.ops"],
  [/^keras\.backend$/, "keras.config"],
  [/^keras\.preprocessing\.(image|sequence)$/, "keras.utils"],
  [/^keras\.preprocessing$/, "keras.utils"],
  [/^keras\.(legacy\.saving|utils\.legacy)$/, "keras.saving"],
  [/^keras\.mixed_precision$/, "keras.dtype_policies"],
];

type Status = "present" | { readonly reason: string } | "missing";

function statusOf(module: string, name: string): Status {
  const inside = (path: string): readonly string[] => [...path.split(".").slice(1), name];
  const home = homes.find(([pattern]) => pattern.test(module))?.[1];
  if (find(inside(module)) !== undefined || (home !== undefined && find(inside(home)) !== undefined))
    return "present";
  const reason = unsupportedNames.find(([pattern]) => pattern.test(`${module}.${name}`))?.[1];
  return reason === undefined ? "missing" : { reason };
}

/** The table as Markdown. */
export function coverage(): string {
  const file = fileURLToPath(new URL("keras-names.json", import.meta.url));
  const names: KerasNames = JSON.parse(readFileSync(file, "utf8"));
  const [rows, lists]: [string[], string[]] = [[], []];
  const totals = { all: 0, present: 0, unsupported: 0, missing: 0 };
  for (const [module, entries] of Object.entries(names.modules)) {
    const statuses = Object.keys(entries).map((name) => [name, statusOf(module, name)] as const);
    const present = statuses.filter(([, status]) => status === "present").length;
    const missing = statuses.filter(([, status]) => status === "missing").map(([name]) => name);
    const unsupported = statuses.length - present - missing.length;
    totals.all += statuses.length;
    totals.present += present;
    totals.unsupported += unsupported;
    totals.missing += missing.length;
    if (statuses.length > 0)
      rows.push(`| ${module} | ${statuses.length} | ${present} | ${unsupported} | ${missing.length} |`);
    const without = statuses.flatMap(([name, status]) =>
      typeof status === "object" ? [`- \`${name}\`: Unsupported. ${status.reason}`] : [],
    );
    if (missing.length > 0)
      without.push(`- not there yet: ${missing.map((name) => `\`${name}\``).join(", ")}`);
    if (without.length > 0) lists.push(`### ${module}\n\n${without.join("\n")}\n`);
  }
  return `# Coverage of Keras ${names.keras}

Made by \`npm run coverage\` from Keras's own list of public names. Functions and modules are in camelCase here: \`keras.ops.log_softmax\` is
\`keras.ops.logSoftmax\`.

| module | names | present | unsupported | not there yet |
|---|--:|--:|--:|--:|
${rows.join("\n")}
| **all** | ${totals.all} | ${totals.present} | ${totals.unsupported} | ${totals.missing} |

## What is left out

${lists.join("\n")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = fileURLToPath(new URL("../COVERAGE.md", import.meta.url));
  writeFileSync(target, coverage());
  console.log(`wrote ${target}`);
}
