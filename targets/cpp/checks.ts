/**
 * What a call checks before it runs: that no pointer is missing, and that its sizes are natural and small enough. Kernels index with 32
 * bits, so every tensor must have fewer than 2^31 elements; of all the sizes in a program, only those that no other one bounds are tested.
 */
import { type Dim, equalDims, productOf, subDims, substituteDim, symbol } from "../../ir/dim.ts";
import { bodiesOf, type Program, type Step } from "../../ir/program.ts";
import { isNatural } from "../aliasing.ts";
import type { Entry } from "./interface.ts";
import { symbolNames } from "./steps.ts";

/** Conditions, any of which makes a call's sizes invalid: `n < 0`, `784.0 * n > 2147483647.0`. */
export function sizeConditions(entry: Entry): readonly string[] {
  const nameOf = symbolNames(entry);
  const tooLarge = largestSizes(entry.program).map((dim) => `${doubleText(dim, nameOf)} > 2147483647.0`);
  return [...entry.sizes.map((name) => `${name} < 0`), ...tooLarge];
}

/** The pointers that a call must not leave out. */
export const requiredPointers = (entry: Entry): readonly string[] => [
  "model",
  ...[...entry.inputs, ...entry.outputs].map(({ name }) => name),
];

function largestSizes(program: Program): readonly Dim[] {
  const ports = [...program.inputs, ...program.outputs].map(({ shape }) => productOf(shape));
  const sizes = [...program.symbols.map(symbol), ...ports];
  const all = [...sizes, ...stepSizes(program.steps, new Map())].filter((dim) => typeof dim !== "number");
  const distinct = all.filter((dim, at) => all.findIndex((other) => equalDims(dim, other)) === at);
  return distinct.filter((dim) => !distinct.some((other) => other !== dim && isNatural(subDims(other, dim))));
}

/** All sizes that steps mention, a chunk's symbol standing for a whole chunk, that of a loop for its length. */
function stepSizes(steps: readonly Step[], chunks: ReadonlyMap<string, Dim>): Dim[] {
  return steps.flatMap((step): Dim[] => {
    switch (step.kind) {
      case "launch":
        return [...step.dims, ...step.args.map(({ slot }) => slot.size)].map((dim) =>
          substituteDim(dim, chunks),
        );
      case "clear":
        return [substituteDim(step.slot.size, chunks)];
      case "copy":
        return [substituteDim(step.size, chunks)];
      case "chunks": {
        const inner = stepSizes(step.body, new Map([...chunks, [step.symbol, step.size]]));
        return [substituteDim(step.total, chunks), ...inner];
      }
      case "for":
        return [
          substituteDim(step.extent, chunks),
          ...stepSizes(step.body, new Map([...chunks, [step.symbol, step.extent]])),
        ];
      case "while":
      case "if":
        return bodiesOf(step).flatMap((body) => stepSizes(body, chunks));
      default:
        throw step satisfies never;
    }
  });
}

/** `10.0 * n + 2.0`: products of sizes may leave 64 bits, a double keeps their magnitude. */
function doubleText(dim: Dim, nameOf: ReadonlyMap<string, string>): string {
  if (typeof dim === "number") return `${dim}.0`;
  const terms = dim.terms.map(({ coefficient, symbols }) =>
    [`${coefficient}.0`, ...symbols.map((name) => nameOf.get(name) ?? name)].join(" * "),
  );
  return terms.join(" + ").replaceAll("+ -", "- ");
}
