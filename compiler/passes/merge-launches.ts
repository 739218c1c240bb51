/**
 * Merges small launches that do not depend on each other into one: a launch costs more than the few hundred sums of a bias gradient. Bodies
 * stand one after the other in the kernel.
 */
import type { Value } from "../../ir/graph.ts";
import { type Kernel, read, type Stmt, type Var } from "../../ir/kernel.ts";
import { substitute } from "../../ir/walk-kernel.ts";
import type { Launch } from "../lower/launches.ts";

/** Iterations per sample up to which a launch counts as small. */
const SMALL = 16384;

/** Merges within a list; a merged launch stands where its last member stood, so every member's operands are there. */
export function mergeLaunches(
  launches: readonly Launch[],
  producer: (value: Value) => Launch | undefined,
): Launch[] {
  const merged = new Map<Launch, Launch[]>();
  let open: Launch[] = [];
  const close = (): void => {
    const last = open[open.length - 1];
    if (open.length > 1) merged.set(last, open);
    open = [];
  };
  const delayed = new Set<Launch>();
  for (const launch of launches) {
    if (!isSmall(launch)) {
      // What needs a member must not come before it.
      if (launch.operands.some((value) => open.some((member) => member === producer(value)))) close();
      continue;
    }
    const dependent = launch.operands.some((value) => open.some((member) => member === producer(value)));
    if (dependent || (open.length > 0 && open[0].batch !== launch.batch)) close();
    open.push(launch);
  }
  close();
  for (const members of merged.values()) for (const member of members) delayed.add(member);
  return launches.flatMap((launch) => {
    const members = merged.get(launch);
    if (members !== undefined) return [combine(members)];
    return delayed.has(launch) ? [] : [launch];
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
