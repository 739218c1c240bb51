/**
 * Merges small launches that do not depend on each other into one: a launch costs more than the few hundred sums of a bias gradient. Bodies
 * stand one after the other in the kernel.
 */
import type { Value } from "../../ir/graph.ts";
import { type Kernel, read, type Stmt, type Var } from "../../ir/kernel.ts";
import { substitute } from "../../ir/walk-kernel.ts";
import type { Item, Launch } from "../lower/launches.ts";

/** Iterations per sample up to which a launch counts as small. */
const SMALL = 16384;

/** Merges within a list, and within the lists of loops and branches. */
export function mergeLaunches(items: readonly Item[], producer: (value: Value) => Item | undefined): Item[] {
  const inside = items.map((item) =>
    item.kind === "launch"
      ? item
      : { ...item, bodies: item.bodies.map((body) => mergeLaunches(body, producer)) },
  );
  return mergeList(inside, producer);
}

/** A merged launch stands where its last member stood, so every member's operands are there. */
function mergeList(items: readonly Item[], producer: (value: Value) => Item | undefined): Item[] {
  const merged = new Map<Item, Launch[]>();
  let open: Launch[] = [];
  const close = (): void => {
    const last = open[open.length - 1];
    if (open.length > 1) merged.set(last, open);
    open = [];
  };
  const delayed = new Set<Item>();
  for (const item of items) {
    const dependent = item.operands.some((value) => open.some((member) => member === producer(value)));
    if (item.kind === "control" || !isSmall(item)) {
      // What needs a member must not come before it.
      if (dependent) close();
      continue;
    }
    if (dependent || (open.length > 0 && open[0].batch !== item.batch)) close();
    open.push(item);
  }
  close();
  for (const members of merged.values()) for (const member of members) delayed.add(member);
  return items.flatMap((item) => {
    const members = merged.get(item);
    if (members !== undefined) return [combine(members)];
    return delayed.has(item) ? [] : [item];
  });
}

/** What runs once a call, whatever its size, and small sums over samples. */
const isSmall = ({ kernel, batch }: Launch): boolean =>
  batch === "none" || (batch !== "sample" && work(kernel.body) <= SMALL);

/** Iterations of all loops of known extent. */
function work(stmts: readonly Stmt[]): number {
  return stmts.reduce((sum, stmt) => {
    if (stmt.kind !== "for") return sum + 1;
    return sum + (stmt.extent.kind === "const" ? stmt.extent.value : 1) * work(stmt.body);
  }, 0);
}

function combine(members: readonly Launch[]): Launch {
  const [first] = members;
  return {
    kind: "launch",
    kernel: combineKernels(members.map(({ kernel }) => kernel)),
    operands: members.flatMap(({ operands }) => operands),
    results: members.flatMap(({ results }) => results),
    batch: first.batch,
    accumulating: () => combine(members.map((member) => member.accumulating())),
  };
}

function combineKernels(kernels: readonly Kernel[]): Kernel {
  const dims = new Map<string, Var>();
  const bodies = kernels.flatMap((kernel) => {
    const renamed = new Map(
      kernel.dims.map(({ symbol, var: variable }) => {
        const shared = dims.get(symbol) ?? variable;
        dims.set(symbol, shared);
        return [variable, read(shared)];
      }),
    );
    return substitute(kernel.body, renamed);
  });
  const params = kernels.flatMap((kernel) => kernel.params);
  return {
    name: kernels
      .map(({ name }) => name)
      .join("_and_")
      .slice(0, 64),
    params: [
      ...params.filter(({ access }) => access === "read"),
      ...params.filter(({ access }) => access !== "read"),
    ],
    dims: [...dims].map(([symbol, variable]) => ({ symbol, var: variable })),
    body: bodies,
  };
}
