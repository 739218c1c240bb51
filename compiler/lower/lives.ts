/**
 * When each piece of memory is in use. Steps are numbered in the order of the text; what a loop takes from outside, or leaves to it, lives
 * through all of the loop, since the next iteration comes back to it. What begins and ends within one iteration lives between its first and
 * last step there.
 */
import type { SimpleStep, Step } from "../../ir/program.ts";
import type { Home } from "./storage.ts";

/** A step before memory is planned: which homes it touches, and what it becomes once they have addresses. */
export type Draft =
  | { readonly kind: "simple"; readonly homes: readonly Home[]; make(): SimpleStep }
  | {
      readonly kind: "nested";
      /** Homes of what decides. */
      readonly homes: readonly Home[];
      readonly bodies: readonly (readonly Draft[])[];
      make(bodies: readonly (readonly Step[])[]): Step;
    };

export const makeSteps = (drafts: readonly Draft[]): Step[] =>
  drafts.map((draft) => (draft.kind === "simple" ? draft.make() : draft.make(draft.bodies.map(makeSteps))));

export interface Life {
  readonly first: number;
  readonly last: number;
}

/** One use of a home: the number of the step, and the nested steps around it, outermost first. */
interface Use {
  readonly at: number;
  readonly inside: readonly Draft[];
}

/** The numbers of the first and the last step at which each home in the arena is in use. */
export function livesOf(drafts: readonly Draft[]): ReadonlyMap<Home, Life> {
  const uses = new Map<Home, Use[]>();
  const ranges = new Map<Draft, Life>();
  let next = 0;
  const note = (homes: readonly Home[], inside: readonly Draft[]): void => {
    for (const home of homes) {
      if (home.region.kind !== "arena") continue;
      const known = uses.get(home);
      if (known === undefined) uses.set(home, [{ at: next, inside }]);
      else known.push({ at: next, inside });
    }
  };
  const visit = (list: readonly Draft[], inside: readonly Draft[]): void => {
    for (const draft of list) {
      if (draft.kind === "simple") note(draft.homes, inside);
      else {
        const first = next;
        for (const body of draft.bodies) {
          visit(body, [...inside, draft]);
          // Read between the bodies, or behind them.
          note(draft.homes, [...inside, draft]);
        }
        ranges.set(draft, { first, last: next });
      }
      next++;
    }
  };
  visit(drafts, []);
  return new Map([...uses].map(([home, list]) => [home, lifeOf(list, ranges)]));
}

function lifeOf(uses: readonly Use[], ranges: ReadonlyMap<Draft, Life>): Life {
  const depth = commonDepth(uses.map(({ inside }) => inside));
  const spans = uses.map(({ at, inside }): Life => {
    const outermost = inside[depth];
    return (outermost && ranges.get(outermost)) ?? { first: at, last: at };
  });
  return {
    first: Math.min(...spans.map(({ first }) => first)),
    last: Math.max(...spans.map(({ last }) => last)),
  };
}

/** How many nested steps all uses have around them in common. */
function commonDepth(paths: readonly (readonly Draft[])[]): number {
  const [first] = paths;
  const differs = first.findIndex((draft, depth) => paths.some((path) => path[depth] !== draft));
  return differs < 0 ? first.length : differs;
}

/** The homes that nothing outside of a nested step touches. */
export function homesWithin(drafts: readonly Draft[], loop: Draft): ReadonlySet<Home> {
  const outside = new Set<Home>();
  const inside = new Set<Home>();
  const visit = (list: readonly Draft[], into: Set<Home>): void => {
    for (const draft of list) {
      const target = draft === loop ? inside : into;
      for (const home of draft.homes) target.add(home);
      if (draft.kind === "nested") for (const body of draft.bodies) visit(body, target);
    }
  };
  visit(drafts, outside);
  return new Set([...inside].filter((home) => !outside.has(home)));
}
