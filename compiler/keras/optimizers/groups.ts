/**
 * Variables that are updated together. A rule that works element by element does not care where one weight ends and the next begins, so that all
 * weights of a kind, with all their slots, are one long vector each to it: a compiled step holds them so (a slab) and updates them in one kernel.
 * Eager code takes them one at a time, in their own shapes.
 */
import { setShape, type Tensor } from "../../tensor.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";

/** Weights that one application of the rule updates, and their slots by name, each in the order of the weights. */
export interface Group {
  readonly weights: readonly Variable[];
  readonly slots: ReadonlyMap<string, readonly Variable[]>;
}

/** The groups as the running code takes them: as they are where a program holds them in slabs, else weight by weight. */
export function presentGroups(groups: readonly Group[]): readonly Group[] {
  const scope = session.scope();
  return groups.flatMap((group) =>
    group.weights.length === 1 || scope?.hasGroup?.(group.weights)
      ? [group]
      : group.weights.map((weight, i) => ({
          weights: [weight],
          slots: new Map([...group.slots].map(([name, slots]) => [name, [slots[i]]])),
        })),
  );
}

/** The parts of groups that hold only `weights`. */
export function restrictGroups(groups: readonly Group[], weights: readonly Variable[]): readonly Group[] {
  return groups.flatMap((group) => {
    const kept = group.weights.flatMap((weight, i) => (weights.includes(weight) ? [i] : []));
    if (kept.length === group.weights.length) return [group];
    const pick = (list: readonly Variable[]): readonly Variable[] => kept.map((i) => list[i]);
    if (kept.length === 0) return [];
    return [
      {
        weights: pick(group.weights),
        slots: new Map([...group.slots].map(([name, slots]) => [name, pick(slots)])),
      },
    ];
  });
}

/** The values of variables, end to end; one alone keeps its shape. */
export function readTogether(variables: readonly Variable[]): Tensor {
  if (variables.length === 1) return variables[0].value;
  return session.scope()?.readGroup?.(variables) ?? joinFlat(variables.map(({ value }) => value));
}

/** Assigns what `readTogether` would give. */
export function writeTogether(variables: readonly Variable[], value: Tensor): void {
  if (variables.length === 1) variables[0].assign(value);
  else session.scope()?.writeGroup?.(variables, value);
}

/** Tensors of any shapes end to end. */
export function joinFlat(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0];
  const flat = tensors.map((tensor) => setShape(tensor, [sizeOf(tensor)]));
  return flat[0].engine.op("concat", flat, { axis: 0 })[0];
}

const sizeOf = ({ shape }: Tensor): number => shape.reduce<number>((size, dim) => size * Number(dim), 1);

/** Values in lists by a key, in the order in which the keys turn up. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): readonly (readonly T[])[] {
  const lists = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [value]);
    else list.push(value);
  }
  return [...lists.values()];
}
