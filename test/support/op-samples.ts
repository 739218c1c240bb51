// The rows of the op matrix: every op with every sample of it, as a function of that one op and as random operands.

import { Builder } from "../../ir/builder.ts";
import { isStaticShape } from "../../ir/dim.ts";
import type { BlockArg, Func } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpDef, OpTable, Sample } from "../../ir/op.ts";
import { printType } from "../../ir/type.ts";
import { type Random, randomArray } from "./seeded.ts";

export interface OpSample {
  readonly def: OpDef;
  readonly sample: Sample;
  /** "contract(f32[3, 4], f32[4, 5]) {...}" */
  readonly label: string;
  /** Inputs are the operands, outputs all results. */
  readonly func: Func;
}

export function opSamples(defs: readonly OpDef[], table: OpTable): readonly OpSample[] {
  return defs.flatMap((def) =>
    def.samples.map((sample) => {
      const types = sample.operands.map(printType).join(", ");
      const label = `${def.name}(${types}) ${JSON.stringify(sample.attrs)}`;
      return { def, sample, label, func: sampleFunc(def, sample, table) };
    }),
  );
}

function sampleFunc(def: OpDef, sample: Sample, table: OpTable): Func {
  const b = new Builder(table);
  const args = sample.operands.map((type, i): BlockArg => ({ kind: "arg", type, name: `x${i}` }));
  const results = b.results(def.name, args, sample.attrs, sample.regions);
  return {
    name: def.name,
    body: b.block(args, results),
    args: args.map((_, i) => ({ kind: "input", name: `x${i}` })),
    results: results.map((_, i) => ({ kind: "output", name: `y${i}` })),
  };
}

/** Operands in the range the sample asks for; f32 in double precision when `wide`. */
export function sampleOperands({ sample }: OpSample, random: Random, wide = false): NDArray[] {
  const operands = sample.operands.map(({ dtype, shape }) => {
    if (!isStaticShape(shape)) throw new Error("samples have constant shapes");
    return randomArray(random, dtype, shape, sample.range, wide);
  });
  return [...(sample.adapt?.(operands) ?? operands)];
}
