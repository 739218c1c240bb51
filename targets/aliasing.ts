/** Which arguments of a kernel share memory, over all its launches. */
import { addDims, type Dim, equalDims, mulDims, subDims } from "../ir/dim.ts";
import { byteWidth } from "../ir/dtype.ts";
import type { Kernel } from "../ir/kernel.ts";
import { type Binding, type Bundle, launchesOf, type Slot } from "../ir/program.ts";

/** Certainly at least zero, whatever the sizes: no coefficient is negative. */
export const isNatural = (dim: Dim): boolean =>
  typeof dim === "number" ? dim >= 0 : dim.terms.every((term) => term.coefficient >= 0);

/** False where two slots certainly share no byte. */
export function mayOverlap(a: Slot, b: Slot): boolean {
  if (a.region.kind !== b.region.kind) return false;
  if ("index" in a.region && "index" in b.region && a.region.index !== b.region.index) return false;
  return !endsBefore(a, b) && !endsBefore(b, a);
}

function endsBefore(a: Slot, b: Slot): boolean {
  const end = addDims(a.offset, mulDims(byteWidth(a.dtype), a.size));
  return isNatural(subDims(b.offset, end));
}

/** Whether two bindings that overlap begin at the same place and count in the same units: element i of one is element i of the other. */
const coincide = (a: Binding, b: Binding): boolean =>
  a.advance === b.advance && a.slot.dtype === b.slot.dtype && equalDims(a.slot.offset, b.slot.offset);

/** How two parameters relate, by their places in `kernel.params`: the same elements, or some overlap that nothing more is known of. */
export type Relation = "same" | "partial";

export class Aliases {
  readonly #relations = new Map<string, Relation>();

  note(i: number, j: number, relation: Relation): void {
    const key = keyOf(i, j);
    this.#relations.set(key, this.#relations.get(key) === "partial" ? "partial" : relation);
  }

  /** Undefined where no launch makes them overlap. A parameter and itself are the same. */
  between(i: number, j: number): Relation | undefined {
    return i === j ? "same" : this.#relations.get(keyOf(i, j));
  }
}

const keyOf = (i: number, j: number): string => (i < j ? `${i} ${j}` : `${j} ${i}`);

/** Every kernel of a bundle, in order of first use, with the overlaps of its parameters, of which at least one is written. */
export function aliasesOf(bundle: Bundle): Map<Kernel, Aliases> {
  const found = new Map<Kernel, Aliases>();
  for (const { kernel, args } of bundle.programs.flatMap(({ steps }) => launchesOf(steps))) {
    const aliases = found.get(kernel) ?? new Aliases();
    found.set(kernel, aliases);
    args.forEach((a, i) => {
      args.slice(0, i).forEach((b, j) => {
        const written = kernel.params[i].access !== "read" || kernel.params[j].access !== "read";
        if (written && mayOverlap(a.slot, b.slot)) aliases.note(i, j, coincide(a, b) ? "same" : "partial");
      });
    });
  }
  return found;
}
