/**
 * A model as functions of the graph IR: what backends load and the packager writes. `train_step`, `test_step` and `predict` are the methods of the
 * model of those names, traced: forward, loss, metrics, backward and update are one function. They share state. The batch is the symbol `n`, so that
 * the last, smaller batch runs the same code.
 */

import type { Shape } from "../../../ir/dim.ts";
import type { DType } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { Func, Module } from "../../../ir/graph.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { opTable } from "../../../ir/ops/index.ts";
import { mean, type Tensor, toTensor } from "../../tensor.ts";
import { Trace } from "../../trace.ts";
import { flatten, type Nest, packNest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { session } from "../session.ts";
import type { Variable } from "../variable.ts";
import { composeSlab, type Role, StateLayout } from "./state-layout.ts";
import type { StepData, StepLogs, Trainable } from "./trainable.ts";

/** The data of a batch, by what it is: names, dtypes and shapes with the batch as `n`. */
export interface ArgumentSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Arguments and the structure that they are handed over in. */
export interface PartSpec {
  readonly specs: readonly ArgumentSpec[];
  readonly structure: Nest<unknown>;
}

export interface ProgramSpec {
  readonly model: Trainable;
  readonly x: PartSpec;
  /** Null where there are no labels. */
  readonly y?: PartSpec | null;
  readonly sampleWeight?: PartSpec | null;
  /** Metrics begin anew with every call, and are no state: what artifacts do. */
  readonly freshMetrics?: boolean;
}

/** What a program is for: all three functions on shared state; or one, on weights as parameters. */
export type Purpose = "train" | "test" | "predict";
export type StepName = "train_step" | "test_step";

/** A traced model: what a backend loads, and what the packager writes. */
export interface TracedModel {
  readonly module: Module;
  readonly layout: StateLayout;
  /** Variables that a step changes. */
  readonly changed: { readonly [step in StepName]?: readonly Variable[] };
  /** Names of the outputs of a step, in order. */
  readonly logNames: { readonly [step in StepName]?: readonly string[] };
  /** The structure of the results of `predict`. */
  readonly outputStructure: Nest<unknown>;
  /** Why a function is not there: a model that is only trained need not be able to do more. */
  readonly failures: { readonly [name: string]: ModelError };
}

/** Traces the functions that a purpose needs. */
export function traceModel(spec: ProgramSpec, purpose: Purpose): TracedModel {
  const { model, x } = spec;
  model.buildFor(x.specs, x.structure);
  const roles = rolesFor(spec, purpose);
  if (purpose === "predict") {
    const layout = new StateLayout(roles);
    return { ...joined([]), ...withPredict([], tracePredict(spec, layout)), layout, failures: {} };
  }
  if (purpose === "test") {
    const layout = new StateLayout(roles);
    return { ...joined([traceStep("test_step", spec, layout)]), layout, outputStructure: 0, failures: {} };
  }
  const layout = new StateLayout(roles, stateGroups(requireOptimizer(model), model));
  const train = traceStep("train_step", spec, layout);
  const failures: { [name: string]: ModelError } = {};
  const test = attempt("test_step", failures, () => traceStep("test_step", spec, layout));
  const steps = joined(test === undefined ? [train] : [train, test]);
  const predict = attempt("predict", failures, () => tracePredict(spec, layout));
  return { ...steps, ...withPredict(steps.module.funcs, predict), layout, failures };
}

/** What `trace` gives; where it fails, the reason is kept for those who ask for the function. */
function attempt<T>(name: string, failures: { [name: string]: ModelError }, trace: () => T): T | undefined {
  try {
    return trace();
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    failures[name] = error;
    return undefined;
  }
}

const withPredict = (
  funcs: readonly Func[],
  predict: { func: Func; structure: Nest<unknown> } | undefined,
) => ({
  module: { funcs: predict === undefined ? funcs : [...funcs, predict.func] },
  outputStructure: predict?.structure ?? 0,
});

/** Weights are parameters of functions that only read them; the state of metrics is state in all. */
function rolesFor({ freshMetrics = false }: ProgramSpec, purpose: Purpose): (variable: Variable) => Role {
  return ({ resets }) => {
    if (resets && freshMetrics) return "fresh";
    return purpose === "train" || (purpose === "test" && resets) ? "state" : "param";
  };
}

function requireOptimizer({ optimizer, name }: Trainable): Optimizer {
  if (optimizer !== undefined) return optimizer;
  throw new ModelError("You must call `compile()` before using the model", {
    where: name,
    hint: "model.compile({ optimizer, loss })",
  });
}

/** Weights that are updated together, and each of their slots, lie end to end. */
function stateGroups(optimizer: Optimizer, { trainableWeights }: Trainable) {
  optimizer.build(trainableWeights);
  return optimizer.groups
    .filter(({ weights }) => weights.length > 1)
    .flatMap(({ weights, slots }) => [
      { name: "trainable", variables: weights },
      ...[...slots].map(([name, variables]) => ({ name, variables })),
    ]);
}

interface TracedStep {
  readonly name: StepName;
  readonly func: Func;
  readonly changed: readonly Variable[];
  readonly logNames: readonly string[];
}

const joined = (steps: readonly TracedStep[]) => ({
  module: { funcs: steps.map(({ func }) => func) },
  changed: Object.fromEntries(steps.map(({ name, changed }) => [name, changed])),
  logNames: Object.fromEntries(steps.map(({ name, logNames }) => [name, logNames])),
});

/** The arguments of a function in the structures of the user. */
function openArguments(trace: Trace, { model, x, y = null, sampleWeight = null }: ProgramSpec): StepData {
  const open = ({ specs }: PartSpec): Tensor[] =>
    specs.map(({ name, dtype, shape }) => trace.input(name, dtype, shape));
  const pack = (part: PartSpec | null): Nest<Tensor> | null =>
    part === null ? null : packNest(part.structure, open(part));
  return [model.packInputs(open(x), x.structure), pack(y), pack(sampleWeight)];
}

function tracePredict(spec: ProgramSpec, layout: StateLayout): { func: Func; structure: Nest<unknown> } {
  const trace = new Trace(opTable);
  const data = openArguments(trace, { ...spec, y: null, sampleWeight: null });
  const out = session.within(layout.scope(trace), () => spec.model.predictStep(data));
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

/** Runs a step of a model on a batch; losses that layers add meanwhile are part of it. */
export const runStep = (model: Trainable, name: StepName, data: StepData): StepLogs =>
  session.collectLosses(() => (name === "train_step" ? model.trainStep(data) : model.testStep(data))).result;

/** The number under a name: the mean, where there are several. */
export const scalarOf = (value: Tensor): Tensor => (value.rank === 0 ? value : mean(value, null, false));

function traceStep(name: StepName, spec: ProgramSpec, layout: StateLayout): TracedStep {
  const trace = new Trace(opTable);
  const scope = layout.scope(trace);
  return session.within(scope, () => {
    const logs = Object.entries(runStep(spec.model, name, openArguments(trace, spec)));
    const outputs = logs.map(([log, value]) => ({
      tensor: scalarOf(toTensor(value, trace)),
      role: { kind: "output", name: log } as const,
    }));
    const changes = scope.changes().flatMap(({ variables, tensor }) => {
      const path = layout.pathOf(variables);
      // Evaluation changes nothing but metrics.
      const isKept = name === "train_step" || variables.every(({ resets }) => resets);
      return path === undefined || !isKept ? [] : [{ variables, tensor, path }];
    });
    const states = changes.map(({ tensor, path }) => ({ tensor, role: { kind: "state", path } as const }));
    return {
      name,
      func: trace.finish(name, [...outputs, ...states]),
      changed: changes.flatMap(({ variables }) => variables),
      logNames: logs.map(([log]) => log),
    };
  });
}

/** The first value of every parameter and state, by path. */
export async function stateValues(layout: StateLayout): Promise<Map<string, NDArray>> {
  const values = new Map<string, NDArray>();
  for (const slab of layout.slabs) {
    const arrays = await Promise.all(slab.variables.map((variable) => variable.array()));
    values.set(slab.path, composeSlab(slab, arrays));
  }
  for (const [variable, path] of layout.singles) values.set(path, await variable.array());
  return values;
}
