/** What the compiler makes of a model, as plain data: passes, fused graph and programs of one target. */
import { printDim } from "../../ir/dim.ts";
import type { Func, Module, Op, Value } from "../../ir/graph.ts";
import { opTable } from "../../ir/ops/index.ts";
import { printType } from "../../ir/type.ts";
import type { TargetName } from "../../targets/target.ts";
import { compileFor } from "../package/artifact.ts";
import { flopsOf } from "../package/flops.ts";
import type { ArtifactSource } from "../package/source.ts";
import { type ProgramFacts, programFacts } from "./program-facts.ts";
import { shortener } from "./short-names.ts";

export interface PassFacts {
  readonly name: string;
  readonly milliseconds: number;
  /** Ops before and after, those in groups counted one by one. */
  readonly before: number;
  readonly after: number;
  /** Rewrite rules that fired, and how often. */
  readonly rules: readonly (readonly [rule: string, count: number])[];
}

export interface GraphNode {
  readonly id: number;
  readonly kind: "input" | "group" | "op" | "output";
  readonly label: string;
  /** Ops inside a group. */
  readonly ops: readonly string[];
  readonly type: string;
  /** Where the values come from. */
  readonly from: readonly number[];
}

export interface EntryFacts {
  readonly name: string;
  /** Ops of the traced function, by name. */
  readonly ops: readonly (readonly [name: string, count: number])[];
  /** Floating-point operations of a call, over the symbols. */
  readonly flops: string;
  readonly graph: readonly GraphNode[];
  readonly program: ProgramFacts;
}

export interface InspectReport {
  readonly model: string;
  readonly target: TargetName;
  readonly batch: number;
  readonly weightsBytes: number;
  readonly stateBytes: number;
  readonly passes: readonly PassFacts[];
  readonly entries: readonly EntryFacts[];
}

export function inspectModel(source: ArtifactSource, target: TargetName, batch: number): InspectReport {
  const passes: PassFacts[] = [];
  const { bundle, module } = compileFor(target, source, {
    record: ({ name, before, after, milliseconds, hits }) =>
      passes.push({ name, milliseconds, before: countOps(before), after: countOps(after), rules: [...hits] }),
  });
  const named = (from: Module, name: string): Func | undefined =>
    from.funcs.find((func) => func.name === name);
  const entries = bundle.programs.flatMap((program): EntryFacts[] => {
    const [traced, fused] = [named(source.module, program.name), named(module, program.name)];
    if (traced === undefined || fused === undefined) return [];
    const facts = programFacts(program, fused, batch);
    const flops = printDim(flopsOf(fused, opTable));
    return [
      { name: program.name, ops: histogram(traced), flops, graph: graphOf(fused, facts), program: facts },
    ];
  });
  const { weights, state } = bundle;
  return {
    model: source.name,
    target,
    batch,
    weightsBytes: weights.bytes.length,
    stateBytes: state.bytes.length,
    passes,
    entries,
  };
}

const opsIn = (op: Op): number => (op.regions.length === 0 ? 1 : op.regions[0].ops.length);
const countOps = ({ funcs }: Module): number =>
  funcs.flatMap(({ body }) => body.ops).reduce((sum, op) => sum + opsIn(op), 0);

function histogram({ body }: Func): [string, number][] {
  const counts = new Map<string, number>();
  for (const { name } of body.ops) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** Inputs, groups and outputs; weights and constants would hide them. */
function graphOf(func: Func, facts: ProgramFacts): GraphNode[] {
  const nodes: GraphNode[] = [];
  const ids = new Map<Value, number>();
  const add = (node: Omit<GraphNode, "id">, values: readonly Value[]): void => {
    for (const value of values) ids.set(value, nodes.length);
    nodes.push({ id: nodes.length, ...node });
  };
  const sources = (values: readonly Value[]): number[] => [
    ...new Set(values.flatMap((value) => ids.get(value) ?? [])),
  ];
  const short = shortener(func);
  const labelOf = ({ loc, name }: Op): string => (loc === "" ? name : short(loc));
  func.args.forEach((role, i) => {
    const arg = func.body.args[i];
    if (role.kind === "input")
      add({ kind: "input", label: role.name, ops: [], type: printType(arg.type), from: [] }, [arg]);
  });
  const launches = facts.steps.filter(({ kind }) => kind === "launch");
  const groups = func.body.ops.filter(({ regions }) => regions.length > 0);
  for (const op of func.body.ops) {
    const from = sources(op.operands);
    const launch = launches.length === groups.length ? launches[groups.indexOf(op)] : undefined;
    const type = op.results.map((result) => printType(result.type)).join(", ");
    const ops = op.regions.flatMap((region) => region.ops.map(({ name }) => name));
    const kind = op.regions.length > 0 ? "group" : "op";
    if (kind === "group" || from.length > 0)
      add({ kind, label: launch?.name ?? labelOf(op), ops, type, from }, op.results);
  }
  func.results.forEach((role, i) => {
    const value = func.body.returns[i];
    if (role.kind !== "output") return;
    add(
      { kind: "output", label: role.name, ops: [], type: printType(value.type), from: sources([value]) },
      [],
    );
  });
  return nodes;
}
