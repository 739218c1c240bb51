/**
 * A model as functions of the graph IR: what backends load and the packager writes. `train_step` is forward, loss, metrics, backward and
 * update in one function; `test_step` is its first half; `predict` only the forward pass. They share state. The batch is the symbol `n`, so
 * that the last, smaller batch runs the same code.
 */

import type { Shape } from "../../../ir/dim.ts";
import type { DType } from "../../../ir/dtype.ts";
import { CompilerBug, ModelError } from "../../../ir/errors.ts";
import type { Func, Module } from "../../../ir/graph.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { opTable } from "../../../ir/ops/index.ts";
import { gradients } from "../../autodiff.ts";
import { rewriteModule } from "../../rewrite.ts";
import { pooling } from "../../rules/pooling.ts";
import { cast, elementwise, type Tensor, toTensor } from "../../tensor.ts";
import { Trace } from "../../trace.ts";
import { flatten, type Nest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { session } from "../session.ts";
import { TraceScope } from "../trace-scope.ts";
import type { Variable } from "../variable.ts";
import {
  type CompileTargets,
  evaluateObjectives,
  Objectives,
  type OutputPair,
  type StepValues,
} from "./objectives.ts";
import { byDType, composeSlab, joinFlat, type Slab, StateLayout } from "./state-layout.ts";
import type { Trainable } from "./trainable.ts";

/** The data of a batch, by what it is: names, dtypes and shapes with the batch as `n`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface ProgramSpec {
  readonly model: Trainable;
  /** What the user gives as x: its structure. */
  readonly structure: Nest<unknown>;
  readonly inputs: readonly ArgumentSpec[];
  /** Labels, in the order of the outputs; undefined for a program that only predicts. */
  readonly targets?: readonly ArgumentSpec[];
  /** Weights of the samples: one for all outputs, one for each, or none. */
  readonly sampleWeights?: readonly ArgumentSpec[];
  readonly compiled?: CompileTargets & { readonly optimizer: Optimizer };
  /** Settled losses and metrics of an earlier program of the same compilation. */
  readonly objectives?: Objectives;
}

/** What a program is for: all three functions on shared state; or one, on weights as parameters. */
export type Purpose = "train" | "test" | "predict";

/** A traced model: what a backend loads, and what the packager writes. */
export interface TracedModel {
  readonly module: Module;
  readonly layout: StateLayout;
  /** Losses and metrics, settled; undefined for a program that only predicts. */
  readonly objectives: Objectives | undefined;
  /** How many outputs of a step belong to each metric. */
  readonly statisticsCounts: readonly number[];
  /** Variables that `train_step` changes. */
  readonly changed: readonly Variable[];
  /** The structure of the results of `predict`. */
  readonly outputStructure: Nest<unknown>;
}

/** Traces the functions that a purpose needs. */
export function traceModel(spec: ProgramSpec, purpose: Purpose): TracedModel {
  if (purpose === "predict") {
    const layout = new StateLayout("param", []);
    const { func, structure } = tracePredict(spec, layout);
    return {
      module: { funcs: [func] },
      layout,
      objectives: undefined,
      statisticsCounts: [],
      changed: [],
      outputStructure: structure,
    };
  }
  const { compiled } = spec;
  if (compiled === undefined)
    throw new ModelError("the model is not compiled", {
      where: spec.model.name,
      hint: "Call model.compile({ optimizer, loss })",
    });
  if (purpose === "test") {
    const layout = new StateLayout("param", []);
    const { func, ...found } = traceTest(spec, compiled, layout);
    return { module: { funcs: [func] }, layout, ...found, changed: [], outputStructure: 0 };
  }
  const layout = trainingLayout(spec.model, compiled.optimizer);
  const { func: train, ...found } = traceTrain(spec, compiled, layout);
  const { func: test } = traceTest({ ...spec, objectives: found.objectives }, compiled, layout);
  const { func: predict, structure } = tracePredict(spec, layout);
  return { module: { funcs: [train, test, predict] }, layout, ...found, outputStructure: structure };
}

/** Slabs for weights that are trained and for each slot of the optimizer. */
function trainingLayout(model: Trainable, optimizer: Optimizer): StateLayout {
  const weights = model.trainableWeights;
  optimizer.build(weights);
  const groups = byDType(weights).flatMap((variables) => [
    { name: "trainable", variables },
    ...optimizer.slotNames.map((name) => ({
      name,
      variables: variables.map((variable) => optimizer.slots(name)[weights.indexOf(variable)]),
    })),
  ]);
  return new StateLayout("state", groups);
}

interface OpenTrace {
  readonly trace: Trace;
  readonly scope: TraceScope;
  readonly arguments: (specs: readonly ArgumentSpec[]) => Tensor[];
}

function openTrace(layout: StateLayout): OpenTrace {
  const trace = new Trace(opTable);
  const scope = new TraceScope(trace, (variable) => layout.bind(trace, variable));
  return {
    trace,
    scope,
    arguments: (specs) => specs.map(({ name, dtype, shape }) => trace.input(name, dtype, shape)),
  };
}

function tracePredict(spec: ProgramSpec, layout: StateLayout): { func: Func; structure: Nest<unknown> } {
  const { trace, scope, arguments: args } = openTrace(layout);
  const inputs = args(spec.inputs);
  const out = session.within(scope, () => spec.model.callFlat(inputs, spec.structure, false));
  const tensors = flatten(out);
  const names = outputNames(spec.model, tensors.length);
  const results = tensors.map((tensor, i) => ({ tensor, role: { kind: "output", name: names[i] } as const }));
  return { func: trace.finish("predict", results), structure: out };
}

/** The model's names for its outputs, or `output`, `output_1`, ... */
export const outputNames = (model: Trainable, count: number): readonly string[] =>
  model.outputNames?.length === count
    ? model.outputNames
    : Array.from({ length: count }, (_, i) => (i === 0 ? "output" : `output_${i}`));

/** Predictions of a batch with their labels, and the losses that layers add on the way. */
function forward(spec: ProgramSpec, open: OpenTrace, training: boolean) {
  const inputs = open.arguments(spec.inputs);
  const targets = open.arguments(spec.targets ?? []);
  const weights = open.arguments(spec.sampleWeights ?? []);
  return forwardStep(spec.model, inputs, spec.structure, targets, weights, training);
}

/** The same for given tensors, in whatever engine they are. */
export function forwardStep(
  model: Trainable,
  inputs: readonly Tensor[],
  structure: Nest<unknown>,
  targets: readonly Tensor[],
  sampleWeights: readonly Tensor[],
  training: boolean,
): { outputs: readonly OutputPair[]; weights: readonly (Tensor | null)[]; extra: readonly Tensor[] } {
  const { result, losses } = session.collectLosses(() => model.callFlat(inputs, structure, training));
  const predictions = flatten(result);
  if (targets.length !== predictions.length && targets.length > 0) {
    throw new ModelError("labels do not match the outputs", {
      where: model.name,
      expected: `${predictions.length}`,
      got: `${targets.length}`,
    });
  }
  const names = outputNames(model, predictions.length);
  const penalties = model.trainableWeights.flatMap(({ regularizer, value }) =>
    regularizer === null ? [] : [toTensor(regularizer(value), value.engine)],
  );
  return {
    outputs: targets.map((target, i) => ({ name: names[i], prediction: predictions[i], target })),
    weights: predictions.map((_, i) => sampleWeights[i] ?? sampleWeights[0] ?? null),
    extra: [...losses, ...penalties],
  };
}

/** The results of a step as outputs, in the order in which `readStep` takes them apart. */
const stepOutputs = ({ loss, outputLosses, statistics }: StepValues<Tensor>) =>
  [loss, ...outputLosses, ...statistics.flat()].map((tensor, i) => ({
    tensor,
    role: { kind: "output", name: i === 0 ? "loss" : `value_${i}` } as const,
  }));

type Compiled = NonNullable<ProgramSpec["compiled"]>;

interface TracedStep {
  readonly func: Func;
  readonly objectives: Objectives;
  readonly statisticsCounts: readonly number[];
}

const countStatistics = ({ statistics }: StepValues<Tensor>): readonly number[] =>
  statistics.map((tensors) => tensors.length);

function traceTrain(
  spec: ProgramSpec,
  compiled: Compiled,
  layout: StateLayout,
): TracedStep & { readonly changed: readonly Variable[] } {
  const open = openTrace(layout);
  const { trace, scope } = open;
  return session.within(scope, () => {
    const { outputs, weights, extra } = forward(spec, open, true);
    const objectives = spec.objectives ?? new Objectives(compiled, outputs);
    const step = evaluateObjectives(objectives, outputs, weights, extra);
    poolFirst(open, [
      ...stepOutputs(step).map(({ tensor }) => tensor),
      ...spec.model.trainableWeights.map((w) => scope.read(w)),
      step.loss,
    ]);
    const slabs = update(spec.model, compiled.optimizer, layout, open, step.loss);
    const singles = [...scope.updates].filter(([variable]) => layout.place(variable) === undefined);
    const states = [
      ...slabs.map(({ slab, tensor }) => ({ tensor, role: { kind: "state", path: slab.path } as const })),
      ...singles.map(([variable, tensor]) => ({
        tensor,
        role: { kind: "state", path: layout.path(variable) } as const,
      })),
    ];
    const changed = [
      ...slabs.flatMap(({ slab }) => slab.variables),
      ...singles.map(([variable]) => variable),
    ];
    return {
      func: trace.finish("train_step", [...stepOutputs(step), ...states]),
      objectives,
      statisticsCounts: countStatistics(step),
      changed,
    };
  });
}

function traceTest(spec: ProgramSpec, compiled: Compiled, layout: StateLayout): TracedStep {
  const open = openTrace(layout);
  return session.within(open.scope, () => {
    const { outputs, weights, extra } = forward(spec, open, false);
    const objectives = spec.objectives ?? new Objectives(compiled, outputs);
    const step = evaluateObjectives(objectives, outputs, weights, extra);
    return {
      func: open.trace.finish("test_step", stepOutputs(step)),
      objectives,
      statisticsCounts: countStatistics(step),
    };
  });
}

/** Bias and activation move behind pooling before gradients are taken: these are then masks of the pooled size. */
function poolFirst({ trace, scope }: OpenTrace, used: readonly Tensor[]): void {
  const keep = [...used, ...scope.updates.values()].filter((tensor) => tensor.engine === trace);
  trace.rewrite((module) => rewriteModule(module, pooling, { ops: opTable }), keep);
}

/** Backward pass and update: the new contents of all slabs; counts the step. */
function update(
  model: Trainable,
  optimizer: Optimizer,
  layout: StateLayout,
  open: OpenTrace,
  loss: Tensor,
): { slab: Slab; tensor: Tensor }[] {
  const { trace } = open;
  const weights = model.trainableWeights;
  const values = weights.map((weight) => trace.value(open.scope.read(weight)));
  const found = gradients(trace.builder, trace.value(loss), values);
  trace.builder.loc = optimizer.name;
  const raw = found.map((gradient, i) => trace.wrap(gradient ?? trace.builder.full(values[i].type, 0)));
  const clipped = optimizer.clip(raw);
  const learningRate = optimizer.currentLearningRate();
  const step = elementwise("add", [cast(optimizer.iterations.value, "f32"), 1]);
  const next = trainableSlabs(layout).flatMap((slab) => {
    const gradient = joinFlat(
      slab.variables.map((variable) => clipped[weights.indexOf(variable)]),
      slab,
    );
    const slots = slotSlabs(layout, slab, optimizer, weights);
    const old = {
      weight: presentSlab(slab, layout, open),
      gradient,
      slots: slots.map((slot) => layout.bindSlab(trace, slot)),
      learningRate,
      step,
    };
    const stepped = optimizer.step(old);
    return [
      { slab, tensor: stepped.weight },
      ...slots.map((slot, i) => ({ slab: slot, tensor: stepped.slots[i] })),
    ];
  });
  optimizer.iterations.assign(
    elementwise("add", [optimizer.iterations, { dtype: "i32", shape: [], data: Int32Array.of(1) }]),
  );
  return next;
}

const trainableSlabs = (layout: StateLayout): readonly Slab[] =>
  layout.slabs.filter(({ path }) => path.startsWith("slab/trainable/"));

function slotSlabs(
  layout: StateLayout,
  slab: Slab,
  optimizer: Optimizer,
  weights: readonly Variable[],
): Slab[] {
  return optimizer.slotNames.map((name) => {
    const place = layout.place(optimizer.slots(name)[weights.indexOf(slab.variables[0])]);
    if (place === undefined) throw new CompilerBug("training", "a slot has no slab");
    return place.slab;
  });
}

/** The slab before the update: as it came in, unless the forward pass assigned to one of its weights. */
function presentSlab(slab: Slab, layout: StateLayout, { trace, scope }: OpenTrace): Tensor {
  if (slab.variables.every((variable) => !scope.updates.has(variable))) return layout.bindSlab(trace, slab);
  return joinFlat(
    slab.variables.map((variable) => scope.read(variable)),
    slab,
  );
}

/** The first value of every parameter and state, by path. */
export async function stateValues(layout: StateLayout): Promise<Map<string, NDArray>> {
  const values = new Map<string, NDArray>();
  for (const slab of layout.slabs)
    values.set(
      slab.path,
      composeSlab(slab, await Promise.all(slab.variables.map((variable) => variable.array()))),
    );
  for (const [variable, path] of layout.singles) values.set(path, await variable.array());
  return values;
}
