/**
 * The loop of recurrent layers over the steps of sequences [n, steps, ...]: a `scan` along axis 1, so that each sample's sequence stays
 * together; or, unrolled, a copy of the cell for each step. Masked steps keep states and output as they were.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { cast, getItem, select, setShape, type Tensor, toTensor } from "../../../tensor.ts";
import { flatten } from "../../nest.ts";
import { scanAlong } from "../../ops/control.ts";
import { stack } from "../../ops/joining.ts";
import { flip } from "../../ops/movement.ts";
import { all } from "../../ops/reduce.ts";
import { packLeaves } from "../../region-scope.ts";
import { firstState, type States, type Step } from "./cell.ts";

export interface SequenceOptions {
  readonly step: (x: Tensor, states: States) => Step;
  readonly sequences: Tensor;
  readonly states: States;
  /** bool [n, steps], false where a step is padding. */
  readonly mask: Tensor | undefined;
  readonly goBackwards: boolean;
  readonly unroll: boolean;
  readonly zeroOutputForMask: boolean;
  readonly returnSequences: boolean;
}

export interface SequenceResult {
  /** [n, steps, ...] in the order in which steps were taken, or the last output. */
  readonly output: Tensor;
  readonly states: States;
}

export const runSequence = (options: SequenceOptions): SequenceResult =>
  options.unroll ? unrolled(options) : looped(options);

/** Where the condition, which has fewer axes, holds: `a`, else `b`. */
const where = (condition: Tensor, a: Tensor, b: Tensor | number): Tensor => {
  const ones = new Array<number>(a.rank - condition.rank).fill(1);
  return select(setShape(condition, [...condition.shape, ...ones]), a, b);
};

/** Combines states with others of the same structure. */
const mapStates = (states: States, others: States, f: (a: Tensor, b: Tensor) => Tensor): States => {
  const rest = flatten<Tensor>(others);
  const mapped = flatten<Tensor>(states).map((state, i) => f(state, rest[i]));
  return packLeaves(states, mapped) as States;
};

/** The state that is the output of a step: the first of the last cell. */
const outputState = (states: States): Tensor => {
  const isStacked = Array.isArray(states) && Array.isArray(states[0]);
  return firstState(
    isStacked ? (states as readonly States[])[(states as readonly States[]).length - 1] : states,
  );
};

function looped(options: SequenceOptions): SequenceResult {
  const { step, sequences, mask, goBackwards, zeroOutputForMask, returnSequences } = options;
  let isState = true;
  const [last, outputs] = scanAlong(
    (states: States, { x, present }: { x: Tensor; present?: Tensor }) => {
      const [output, next] = step(x, states);
      isState &&= output === outputState(next);
      if (present === undefined) return [next, returnSequences || !isState ? output : null];
      const kept = mapStates(next, states, (after, before) => where(present, after, before));
      const shown = where(present, output, zeroOutputForMask ? 0 : outputState(states));
      isState &&= !zeroOutputForMask;
      return [kept, returnSequences || !isState ? shown : null];
    },
    options.states,
    { x: sequences, ...(mask === undefined ? {} : { present: mask }) },
    { reverse: goBackwards, axis: 1 },
  );
  const states = last as States;
  // Where the output is a state, the last output is the last state.
  if (!returnSequences && isState) return { output: outputState(states), states };
  const stacked = outputs as Tensor;
  if (returnSequences) return { output: goBackwards ? flip(stacked, 1) : stacked, states };
  return { output: getItem(stacked, [":", goBackwards ? 0 : -1]), states };
}

function unrolled(options: SequenceOptions): SequenceResult {
  const { step, sequences, mask, goBackwards, returnSequences } = options;
  const steps = sequences.shape[1];
  if (typeof steps !== "number" || steps === 0)
    throw new ModelError("Cannot unroll a RNN if the time dimension is undefined", {
      hint: "Give the number of steps in the shape of the Input",
    });
  const outputs: Tensor[] = [];
  let { states } = options;
  for (let i = 0; i < steps; i++) {
    const at = goBackwards ? steps - 1 - i : i;
    const [output, next] = step(getItem(sequences, [":", at]), states);
    if (mask === undefined) {
      outputs.push(output);
      states = next;
      continue;
    }
    const present = getItem(mask, [":", at]);
    outputs.push(where(present, output, outputs[i - 1] ?? 0));
    states = mapStates(next, states, (after, before) => where(present, after, before));
  }
  return { output: returnSequences ? stack(outputs, 1) : outputs[steps - 1], states };
}

/** A mask as bool [n, steps]: further axes must all be true. */
export function settleMask(mask: unknown, sequences: Tensor): Tensor | undefined {
  if (mask === null || mask === undefined) return undefined;
  const tensor = cast(toTensor(mask as Tensor, sequences.engine), "bool");
  return tensor.rank === 2
    ? tensor
    : all(tensor, { axis: Array.from({ length: tensor.rank - 2 }, (_, i) => i + 2) });
}
