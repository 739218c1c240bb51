/**
 * What one call of an optimizer computes: the new value of every weight and slot, as tensors, before anything is assigned. Around the rule stand, in
 * Keras's order: loss scale, accumulation of gradients, clipping, weight decay, the rule, moving averages, constraints.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import { cast, select, type Tensor, toTensor } from "../../tensor.ts";
import { apply } from "../ops/apply.ts";
import type { Variable } from "../variable.ts";
import { clipGradients } from "./clip.ts";
import { type Group, joinFlat, presentGroups, readTogether, restrictGroups } from "./groups.ts";
import type { ReadOptimizerOptions } from "./options.ts";

/** One application of the rule. Tensors are of one weight, or of many laid end to end where the rule is elementwise. */
export interface Step {
  readonly weight: Tensor;
  readonly gradient: Tensor;
  /** In the order of `slotNames`. */
  readonly slots: readonly Tensor[];
  readonly learningRate: Tensor;
  /** The number of the update, f32, from 1. */
  readonly step: Tensor;
  /** One of the weights that are updated; of a rule that is not elementwise, the weight. */
  readonly variable: Variable;
}
export interface Stepped {
  readonly weight: Tensor;
  readonly slots: readonly Tensor[];
}

/** An optimizer as this file sees it. */
export interface Rule {
  readonly options: ReadOptimizerOptions;
  readonly lossScaleFactor: number | null;
  readonly iterations: Variable;
  readonly groups: readonly Group[];
  readonly scalars: readonly Variable[];
  slot(weight: Variable, name: string): Variable | undefined;
  slotNames(weight: Variable): readonly string[];
  effectiveDecay(weight: Variable): number | null;
  currentLearningRate(): Tensor;
  update(step: Step): Stepped;
  advance(step: Tensor): readonly Tensor[];
}

/** A new value for variables; several lie end to end. */
export type Assignment = readonly [variables: readonly Variable[], value: Tensor];

const i32 = (value: number): NDArray => ({ dtype: "i32", shape: [], data: Int32Array.of(value) });

/** What one call is about. */
interface Call {
  readonly rule: Rule;
  /** The mean gradient of a weight, clipped; and the sum that it is the mean of. */
  readonly gradient: (weight: Variable) => Tensor;
  readonly sum: (weight: Variable) => Tensor;
  /** Whether gradients are not only gathered but applied; null for always. */
  readonly isUpdate: Tensor | null;
  /** Updates before this one, i32. */
  readonly count: Tensor;
  readonly learningRate: Tensor;
  readonly step: Tensor;
}

/** New values of weights, slots, scalars and the step number. */
export function updates(
  rule: Rule,
  gradients: readonly Tensor[],
  weights: readonly Variable[],
): Assignment[] {
  const call = begin(rule, gradients, weights);
  const groups = presentGroups(restrictGroups(rule.groups, weights));
  const scalars = rule.advance(call.step).map((value, i): Assignment => {
    const variable = rule.scalars[i];
    return [[variable], keepUnless(call, value, variable.value)];
  });
  return [
    ...groups.flatMap((group) => updateGroup(call, group)),
    ...scalars,
    [[rule.iterations], apply("add", rule.iterations.value, i32(1))],
  ];
}

function begin(rule: Rule, gradients: readonly Tensor[], weights: readonly Variable[]): Call {
  const { gradientAccumulationSteps: every } = rule.options;
  const batches = rule.iterations.value;
  const sums = gradients.map((gradient, i) => summed(rule, gradient, weights[i]));
  const means = every === null ? sums : sums.map((sum) => apply("div", sum, every));
  const clipped = clipGradients(means, rule.options);
  const count = every === null ? batches : apply("floordiv", batches, i32(every));
  return {
    rule,
    gradient: (weight) => clipped[weights.indexOf(weight)],
    sum: (weight) => sums[weights.indexOf(weight)],
    isUpdate: every === null ? null : isMultiple(apply("add", batches, i32(1)), every),
    count,
    learningRate: rule.currentLearningRate(),
    step: apply("add", cast(count, "f32"), 1),
  };
}

const isMultiple = (x: Tensor, of: number): Tensor => apply("eq", apply("mod", x, i32(of)), i32(0));

/** The gradient without the loss scale, and with those of the batches since the last update. */
function summed(rule: Rule, given: Tensor, weight: Variable): Tensor {
  const own = cast(given, weight.dtype);
  const gradient = rule.lossScaleFactor === null ? own : apply("div", own, rule.lossScaleFactor);
  const earlier = rule.slot(weight, "gradient_accumulator");
  return earlier === undefined ? gradient : apply("add", gradient, earlier);
}

const keepUnless = ({ isUpdate }: Call, value: Tensor, before: Tensor): Tensor =>
  isUpdate === null ? value : select(isUpdate, value, before);

/** New values of the weights of a group and all their slots. */
function updateGroup(call: Call, group: Group): Assignment[] {
  const { rule, learningRate, step } = call;
  const [variable] = group.weights;
  const names = rule.slotNames(variable);
  const slots = names.map((name) => group.slots.get(name) ?? []);
  const old: Stepped = { weight: readTogether(group.weights), slots: slots.map(readTogether) };
  const stepped = rule.update({
    weight: decayed(call, old.weight, variable),
    gradient: joinFlat(group.weights.map(call.gradient)),
    slots: old.slots,
    learningRate,
    step,
    variable,
  });
  const averaged = average(call, group, keepUnless(call, stepped.weight, old.weight));
  return [
    [group.weights, constrained(averaged.weight, variable)],
    ...averaged.assignments,
    ...accumulation(call, group),
    ...slots.map((list, i): Assignment => [list, keepUnless(call, stepped.slots[i], old.slots[i])]),
  ];
}

/** w - w decay rate. */
function decayed({ rule, learningRate }: Call, weight: Tensor, variable: Variable): Tensor {
  const decay = rule.effectiveDecay(variable);
  if (decay === null) return weight;
  return apply("sub", weight, apply("mul", apply("mul", weight, decay), learningRate));
}

/** The moving average of the weights; and the weights, which it replaces from time to time. */
function average(
  { rule, count }: Call,
  group: Group,
  weight: Tensor,
): { weight: Tensor; assignments: Assignment[] } {
  const { emaMomentum, emaOverwriteFrequency: every } = rule.options;
  const slots = group.slots.get("average");
  if (slots === undefined) return { weight, assignments: [] };
  // The first average is the weight itself.
  const momentum = select(apply("eq", count, i32(0)), 0, emaMomentum);
  const old = apply("mul", momentum, readTogether(slots));
  const found = apply("add", old, apply("mul", apply("sub", 1, momentum), weight));
  const isTime = every === null ? null : isMultiple(apply("add", count, i32(1)), every);
  return { weight: isTime === null ? weight : select(isTime, found, weight), assignments: [[slots, found]] };
}

/** The sum of gradients since the last update. */
function accumulation({ isUpdate, sum }: Call, group: Group): Assignment[] {
  const slots = group.slots.get("gradient_accumulator");
  if (isUpdate === null || slots === undefined) return [];
  return [[slots, select(isUpdate, 0, joinFlat(group.weights.map(sum)))]];
}

function constrained(value: Tensor, { constraint }: Variable): Tensor {
  return constraint === null ? value : toTensor(constraint(value), value.engine);
}
