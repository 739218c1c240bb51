// Graphs to print and parse: one function per op and sample, and random ones. Random choices come from a seed, so that a failure can be
// repeated.

import { symbol } from "../../ir/dim.ts";
import { type DType, dtypeNames, dtypes } from "../../ir/dtype.ts";
import {
  type ArgRole,
  type Attr,
  type Attrs,
  type Block,
  type BlockArg,
  type Func,
  type Module,
  makeOp,
  type Op,
  type ResultRole,
  type Value,
} from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import type { TensorType } from "../../ir/type.ts";

/** Numbers in [0, 1) from a seed: mulberry32. */
export function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Every op of the table that has samples, each sample in a function of its own. */
export function moduleOfSamples(ops: OpTable): Module {
  const funcs = [...ops.values()].flatMap((def) =>
    def.samples.map((sample, i): Func => {
      const args = sample.operands.map(
        (type, k): BlockArg => ({ kind: "arg", type, name: `${def.name}.${k}` }),
      );
      const regions = sample.regions ?? [];
      const op = makeOp(
        def.name,
        args,
        def.infer(sample.operands, sample.attrs, regions),
        sample.attrs,
        regions,
        `samples/${def.name}`,
      );
      return {
        name: `${def.name}_${i}`,
        body: { args, ops: [op], returns: op.results },
        args: args.map(
          (_, k): ArgRole => (k === 0 ? { kind: "input", name: "x" } : { kind: "param", path: `p/${k}` }),
        ),
        results: op.results.map((_, k): ResultRole => ({ kind: "output", name: `y${k}` })),
      };
    }),
  );
  return { funcs };
}

/** Chance, with the choices that graphs need. */
class Chance {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = makeRandom(seed);
  }

  below(count: number): number {
    return Math.floor(this.random() * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  many<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  text(): string {
    return this.many(6, () => this.pick([...'ab/ _é"\\\n\t7#%{}-.x'])).join("");
  }

  type(): TensorType {
    const dims = [1, 2, 3, 28, symbol("n"), symbol("m")];
    return { dtype: this.pick(dtypeNames), shape: this.many(3, () => this.pick(dims)) };
  }

  array(): NDArray {
    const dtype: DType = this.pick(dtypeNames);
    const shape = this.many(2, () => this.pick([0, 1, 2, 5, 20]));
    const data = dtypes[dtype].allocate(shape.reduce((a, b) => a * b, 1));
    const bytes = new Uint8Array(data.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = dtype === "bool" ? this.below(2) : this.below(256);
    return { dtype, shape, data };
  }

  attr(depth = 0): Attr {
    const leaves: readonly (() => Attr)[] = [
      () => this.random() < 0.5,
      () => this.below(100) - 50,
      () => this.pick([0.1, -1e-7, 1e300, Infinity, -Infinity, -0, 5e-324, 2 ** 60, 1 / 3]),
      () => this.text(),
      () => this.array(),
      () => this.type(),
    ];
    return depth < 2 && this.random() < 0.2 ? this.many(3, () => this.attr(depth + 1)) : this.pick(leaves)();
  }

  attrs(): Attrs {
    return Object.fromEntries(this.many(3, () => [`a_${this.below(9)}`, this.attr()]));
  }
}

function randomBlock(chance: Chance, depth: number): Block {
  const args = chance.many(3, (): BlockArg => {
    const type = chance.type();
    return chance.random() < 0.5
      ? { kind: "arg", type }
      : { kind: "arg", type, name: chance.pick(["x", "image", "w.0", "x"]) };
  });
  const values: Value[] = [...args];
  const ops: Op[] = [];
  for (let i = chance.below(5); i >= 0; i--) {
    const operands = values.length === 0 ? [] : chance.many(3, () => chance.pick(values));
    const regions = depth < 2 && chance.random() < 0.2 ? [randomBlock(chance, depth + 1)] : [];
    const types = chance.many(2, () => chance.type());
    const op = makeOp(
      chance.pick(["add", "made_up", "fused"]),
      operands,
      types,
      chance.attrs(),
      regions,
      chance.text(),
    );
    values.push(...op.results);
    ops.push(op);
  }
  return { args, ops, returns: values.length === 0 ? [] : chance.many(2, () => chance.pick(values)) };
}

/** A well-formed module of ops that mean nothing: only the text is of interest. */
export function randomModule(seed: number): Module {
  const chance = new Chance(seed);
  const funcs = chance.many(2, (): Func => {
    const body = randomBlock(chance, 0);
    const path = (): string => chance.text();
    const argRoles: readonly (() => ArgRole)[] = [
      () => ({ kind: "input", name: path() }),
      () => ({ kind: "param", path: path() }),
      () => ({ kind: "state", path: path() }),
      () => ({ kind: "prepared", path: path() }),
    ];
    const resultRoles: readonly (() => ResultRole)[] = [
      () => ({ kind: "output", name: path() }),
      () => ({ kind: "state", path: path() }),
      () => ({ kind: "prepared", path: path() }),
    ];
    return {
      name: chance.text(),
      body,
      args: body.args.map(() => chance.pick(argRoles)()),
      results: body.returns.map(() => chance.pick(resultRoles)()),
    };
  });
  return { funcs };
}
