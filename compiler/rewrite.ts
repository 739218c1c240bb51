/**
 * Rewrite rules over the graph IR, and the one driver that applies them.
 *
 * A rule is data: a pattern on an op and what its operands come from, a replacement made through a Builder, and the formula, which ends it.
 * The driver walks a block once from top to bottom. Where a rule fires, its new ops take the old op's place in the queue, so that they are
 * rewritten too, and later ops see what stands for the result. Patterns look upwards only, where everything is in its final form; only a
 * rule that counts uses can be enabled by a later one, so the walk repeats until no rule fires, which is nearly always the second time.
 * The cost is linear in ops and hits; the block is rebuilt once per walk, and not at all when nothing fires. What nobody uses any more is dropped.
 *
 * Promises: results keep their types (else CompilerBug naming the rule); deterministic: the first rule of the list that fires wins.
 */
import { Builder } from "../ir/builder.ts";
import { CompilerBug } from "../ir/errors.ts";
import type { Block, Func, Module, Op, Value } from "../ir/graph.ts";
import type { OpTable } from "../ir/op.ts";
import { equalTypes, printType } from "../ir/type.ts";
import type { PassContext } from "./pass.ts";
import { isSizeOp, splatValue } from "./rules/facts.ts";
import {
  countUses,
  dependenciesOf,
  type Mapping,
  mapBlocks,
  replaceResults,
  withOperands,
  withOps,
} from "./walk-graph.ts";

/** What a rule sees besides what its pattern bound. */
export interface Site {
  /** The op to replace. */
  readonly op: Op;
  /** Makes the ops of the replacement. */
  readonly b: Builder;
  readonly ops: OpTable;
  /** How often a value is used, the present use included. */
  uses(value: Value): number;
  /** Whether a value depends on parameters and constants only. */
  isWeight(value: Value): boolean;
}

/** What stands for the results: one value, one per result (undefined where nobody uses it), or undefined: the rule does not fire. */
export type Replacement = Value | readonly (Value | undefined)[] | undefined;

export interface Rule {
  readonly name: string;
  /** The names of the ops it may replace; "any" for rules that go by what an op does. */
  readonly roots: readonly string[] | "any";
  apply(site: Site): Replacement;
  /** What equals what, and under which condition. */
  readonly formula: string;
}

// Patterns. A pattern binds names to values (`any`), to numbers (`splat`) and to ops (`match`); the rule gets them typed.

type Binding = Value | number | Op;
type Bindings = { [name: string]: Binding };

export interface Pattern<C extends Bindings> {
  readonly roots: readonly string[];
  test(value: Value, found: Bindings): boolean;
  /** Never there: it carries the type of what the pattern binds. */
  readonly binds?: C;
}

type AllBinds<P extends readonly Pattern<Bindings>[]> = P extends readonly [
  Pattern<infer C>,
  ...infer Rest extends readonly Pattern<Bindings>[],
]
  ? C & AllBinds<Rest>
  : Record<never, never>;

function bind(found: Bindings, name: string, item: Binding): boolean {
  const same = found[name] === undefined || found[name] === item;
  found[name] = item;
  return same;
}

/** Any value; a name that occurs twice means the same value twice. */
export const any = <N extends string>(name: N): Pattern<Record<N, Value>> => ({
  roots: [],
  test: (value, found) => bind(found, name, value),
});

/** A constant with the same number in every element: that number (0 and -0 differ), or any one, bound to a name. */
export function splat(number: number): Pattern<Record<never, never>>;
export function splat<N extends string>(name: N): Pattern<Record<N, number>>;
export function splat(wanted: number | string): Pattern<Bindings> {
  return {
    roots: [],
    test(value, found) {
      const number = splatValue(value);
      if (number === undefined) return false;
      return typeof wanted === "string" ? bind(found, wanted, number) : Object.is(number, wanted);
    },
  };
}

/** The first result of an op with one of `names`, whose operands match; `as` binds the op. */
export function match<const P extends readonly Pattern<Bindings>[], N extends string = never>(
  names: string | readonly string[],
  operands: P,
  as?: N,
): Pattern<AllBinds<P> & Record<N, Op>> {
  const roots = typeof names === "string" ? [names] : names;
  return {
    roots,
    test(value, found) {
      if (value.kind !== "result" || value.index !== 0 || !roots.includes(value.op.name)) return false;
      const { op } = value;
      if (op.operands.length !== operands.length) return false;
      return (
        operands.every((operand, i) => operand.test(op.operands[i], found)) &&
        (as === undefined || bind(found, as, op))
      );
    },
  };
}

/** A rule from a pattern. */
export function rule<C extends Bindings>(
  name: string,
  pattern: Pattern<C>,
  replace: (found: C, site: Site) => Replacement,
  formula: string,
): Rule {
  const apply = (site: Site): Replacement => {
    const found: Bindings = {};
    return pattern.test(site.op.results[0], found) ? replace(found as C, site) : undefined;
  };
  return { name, roots: pattern.roots, apply, formula };
}

/** A rule without a pattern: `replace` looks at the op itself. */
export const ruleOn = (
  name: string,
  roots: Rule["roots"],
  replace: (site: Site) => Replacement,
  formula: string,
): Rule => ({
  name,
  roots,
  apply: replace,
  formula,
});

// The driver.

/** Applies rules everywhere in a module, regions included, until none fires. */
export function rewriteModule(module: Module, rules: readonly Rule[], { ops, hit }: PassContext): Module {
  const byRoot = new Map<string, readonly Rule[]>();
  const rulesFor = (root: string): readonly Rule[] => {
    const known = byRoot.get(root) ?? rules.filter(({ roots }) => roots === "any" || roots.includes(root));
    byRoot.set(root, known);
    return known;
  };
  const rewriting: Rewriting = { ops, rulesFor, hit: hit ?? ((): void => undefined) };
  return mapBlocks(module, (block, func) => rewriteBlock(block, weightArgs(block, func), rewriting));
}

/** What is the same for all blocks. */
interface Rewriting {
  readonly ops: OpTable;
  /** The rules that may replace an op of this name, in order. */
  rulesFor(root: string): readonly Rule[];
  hit(rule: string): void;
}

/** The arguments of the body that hold parameters; a region has none. */
const weightArgs = (block: Block, func: Func): ReadonlySet<Value> =>
  new Set(block.args.filter((_, i) => block.args === func.body.args && func.args[i].kind === "param"));

function rewriteBlock(block: Block, weights: ReadonlySet<Value>, rewriting: Rewriting): Block {
  let current = block;
  for (let round = 0; round < 100; round++) {
    const walk = new Walk(current, weights, rewriting);
    current = walk.run();
    if (!walk.fired) return current;
  }
  throw new CompilerBug("rewrite", "the rules do not settle");
}

/** One walk over a block. */
class Walk {
  fired = false;
  private readonly b: Builder;
  private readonly ops: OpTable;
  private readonly block: Block;
  private readonly live: readonly Op[];
  private readonly rewriting: Rewriting;
  private readonly out: Op[] = [];
  private readonly mapping: Mapping = new Map();
  /** The uses of every value by ops already out, by ops still to come, and by returns. */
  private readonly counts: Map<Value, number>;
  private readonly weights: Map<Value, boolean>;
  /** How many replacements deep the walk is: far down, one rule must be undoing another. */
  private depth = 0;

  constructor(block: Block, weights: ReadonlySet<Value>, rewriting: Rewriting) {
    this.block = block;
    this.live = dependenciesOf(block.ops, block.returns);
    this.rewriting = rewriting;
    this.ops = rewriting.ops;
    this.b = new Builder(rewriting.ops);
    this.counts = countUses({ ...block, ops: this.live });
    this.weights = new Map([...weights].map((value) => [value, true]));
  }

  run(): Block {
    for (const op of this.live) this.visit(op);
    const returns = this.block.returns.map(this.resolve);
    return withOps(this.block, dependenciesOf(this.out, returns), returns);
  }

  private uses = (value: Value): number => this.counts.get(value) ?? 0;

  private isWeight = (value: Value): boolean => {
    const known = this.weights.get(value);
    if (known !== undefined) return known;
    const answer = value.kind === "result" && !isSizeOp(value.op) && value.op.operands.every(this.isWeight);
    this.weights.set(value, answer);
    return answer;
  };

  private resolve = (value: Value): Value => this.mapping.get(value) ?? value;

  private count(value: Value, more: number): void {
    this.counts.set(value, this.uses(value) + more);
  }

  private visit(original: Op): void {
    const op = this.remap(original);
    const { b, ops, uses, isWeight } = this;
    const site: Site = { op, b, ops, uses, isWeight };
    for (const item of this.rewriting.rulesFor(op.name)) {
      b.loc = op.loc;
      const answer = item.apply(site);
      const made = b.ops.splice(0);
      if (answer === undefined) continue;
      const values = "kind" in answer ? [answer] : answer;
      this.note(item, op, values);
      this.replace(original, op, made, values);
      return;
    }
    this.out.push(op);
    // Asked from top to bottom, the question never has far to go.
    op.results.forEach(isWeight);
  }

  /** The op with what stands for its operands now; the new results inherit the uses of the old. */
  private remap(original: Op): Op {
    const op = withOperands(original, original.operands.map(this.resolve));
    if (op === original) return op;
    op.results.forEach((result, i) => this.count(result, this.uses(original.results[i])));
    replaceResults(original, op.results, this.mapping);
    return op;
  }

  /** Takes note of a hit; throws CompilerBug where a value is missing or has another type. */
  private note({ name }: Rule, op: Op, values: readonly (Value | undefined)[]): void {
    op.results.forEach((result, i) => {
      const type = values[i]?.type;
      if (type === undefined ? this.uses(result) === 0 : equalTypes(type, result.type)) return;
      const got = type === undefined ? "nothing" : printType(type);
      throw new CompilerBug("rewrite", `rule ${name} changes a type`, {
        expected: printType(result.type),
        got,
      });
    });
    if (this.depth > 200) throw new CompilerBug("rewrite", `rule ${name} does not settle`);
    this.fired = true;
    this.rewriting.hit(name);
  }

  /** Counts first what the replacement uses, then what it no longer does, so that nothing it keeps is taken for dead. */
  private replace(original: Op, op: Op, made: readonly Op[], values: readonly (Value | undefined)[]): void {
    for (const { operands } of made) for (const operand of operands) this.count(operand, 1);
    values.forEach((value, i) => value !== undefined && this.count(value, this.uses(op.results[i])));
    this.release(op);
    this.depth++;
    for (const fresh of made) this.visit(fresh);
    this.depth--;
    const resolved = values.map((value) => value && this.resolve(value));
    replaceResults(original, resolved, this.mapping);
  }

  /** An op is gone: so are its uses, and ops that nobody else needed. */
  private release(op: Op): void {
    const gone = [op];
    for (let next = gone.pop(); next !== undefined; next = gone.pop()) {
      for (const operand of next.operands) {
        this.count(operand, -1);
        if (operand.kind === "result" && operand.op.results.every((result) => this.uses(result) === 0))
          gone.push(operand.op);
      }
    }
  }
}
