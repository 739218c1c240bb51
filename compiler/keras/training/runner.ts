/**
 * How batches run: through compiled programs, made when the kind of data is first seen, or eagerly op by op.
 */
import { isFloat } from "../../../ir/dtype.ts";
import type { Dim } from "../../../ir/dim.ts";
import { printDim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { castArray } from "../../arrays.ts";
import type { Tensor } from "../../tensor.ts";
import { flatten, mapNest, type Nest, packNest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { session } from "../session.ts";
import { batch as batchDim } from "../shapes.ts";
import { GradientTape } from "../tape.ts";
import { checkClasses, checkFinite } from "./check-labels.ts";
import type { Arrays, Batch } from "./data.ts";
import { type CompileTargets, evaluateObjectives, Objectives, type StepValues } from "./objectives.ts";
import { type ArgumentSpec, forwardStep, outputNames, Program, type ProgramSpec, readStep } from "./program.ts";
import type { Trainable } from "./trainable.ts";

/** What `compile` settles. */
export interface Compilation extends CompileTargets {
  readonly optimizer: Optimizer;
  readonly runEagerly: boolean;
}

/** The numbers of one step. */
export type StepResult = StepValues<NDArray>;

/** A batch as the model takes it: arrays in the order and dtypes of its inputs. */
interface Prepared {
  readonly inputs: readonly NDArray[];
  readonly targets: readonly NDArray[];
  readonly sampleWeights: readonly NDArray[];
  readonly spec: Omit<ProgramSpec, "compiled" | "objectives">;
}

/** Runs the steps of one model under one compilation. */
export class Runner {
  /** Settled losses and metrics; known after the first step. */
  objectives: Objectives | undefined;
  private readonly model: Trainable;
  private readonly compiled: Compilation | undefined;
  private readonly programs = new Map<string, Promise<Program>>();
  private readonly checked = new WeakSet<object>();

  constructor(model: Trainable, compiled?: Compilation) {
    this.model = model;
    this.compiled = compiled;
  }

  async trainStep(batch: Batch): Promise<StepResult> {
    const prepared = this.prepare(batch);
    return this.compiled?.runEagerly ? this.eagerStep(prepared, true) : this.compiledStep("train_step", prepared);
  }

  async testStep(batch: Batch): Promise<StepResult> {
    const prepared = this.prepare(batch);
    return this.compiled?.runEagerly ? this.eagerStep(prepared, false) : this.compiledStep("test_step", prepared);
  }

  /** Predictions in the structure that the model returns. */
  async predictStep(batch: Batch): Promise<Nest<NDArray>> {
    const prepared = this.prepare({ ...batch, y: null, sampleWeight: null });
    if (this.compiled?.runEagerly) return this.eagerPredict(prepared);
    const program = await this.programFor(prepared, false);
    const outputs = await program.call("predict", prepared.inputs);
    return packNest(program.traced.outputStructure, outputs);
  }

  private async compiledStep(name: "train_step" | "test_step", prepared: Prepared): Promise<StepResult> {
    const program = await this.programFor(prepared, true);
    const { objectives } = program.traced;
    if (objectives === undefined) throw new ModelError("the model is not compiled", { where: this.model.name });
    this.settle(objectives);
    const outputs = await program.call(name, [...prepared.inputs, ...prepared.targets, ...prepared.sampleWeights]);
    return readStep(outputs, objectives, statisticsCounts(outputs, objectives));
  }

  /** The program for this kind of data; a prediction uses a training program that holds the newest weights, so that they stay where they are. */
  private programFor(prepared: Prepared, training: boolean): Promise<Program> {
    const key = specKey(prepared.spec, training);
    const known = this.programs.get(key) ?? (training ? undefined : this.trainingProgram(prepared));
    if (known !== undefined) return known;
    const { compiled, objectives } = this;
    const program = Program.load(training ? { ...prepared.spec, compiled, objectives } : prepared.spec);
    this.programs.set(key, program);
    // A program that failed to compile is no program: the next call tries again.
    program.catch(() => this.programs.delete(key));
    return program;
  }

  private trainingProgram(prepared: Prepared): Promise<Program> | undefined {
    if (this.model.trainableWeights.every(({ store }) => store === undefined)) return undefined;
    const prefix = inputsKey(prepared.spec);
    const found = [...this.programs].find(([key]) => key.startsWith(`train ${prefix}`));
    return found?.[1];
  }

  private settle(objectives: Objectives): void {
    this.objectives ??= objectives;
  }

  // Data.

  private prepare(batch: Batch): Prepared {
    const bound = this.model.bindInputs(packNest(batch.x.structure, batch.x.arrays));
    const inputs = bound.map(({ name, value, type }) => (type === undefined ? value : fitInput(value, type, name, this.model.name)));
    const targets = batch.y === null ? [] : orderOutputs(batch.y, this.model);
    targets.forEach((labels, i) => this.checkLabels(labels, i));
    const sampleWeights = batch.sampleWeight === null ? [] : orderOutputs(batch.sampleWeight, this.model).map((weights) => castArray(weights, "f32"));
    const names = bound.map(({ name }) => name);
    const describe = (arrays: readonly NDArray[], name: (i: number) => string): ArgumentSpec[] =>
      arrays.map(({ dtype, shape }, i) => ({ name: name(i), dtype, shape: [batchDim, ...shape.slice(1)] }));
    const fixed = (arrays: readonly NDArray[]): ArgumentSpec[] =>
      describe(arrays, (i) => names[i]).map((spec, i) => ({ ...spec, shape: bound[i].type?.shape ?? spec.shape }));
    const spec = {
      model: this.model,
      structure: batch.x.structure,
      inputs: fixed(inputs),
      targets: batch.y === null ? undefined : describe(targets, (i) => numbered("y", i)),
      sampleWeights: describe(sampleWeights, (i) => numbered("sample_weight", i)),
    };
    return { inputs, targets, sampleWeights, spec };
  }

  /** Labels are looked at once, not in every epoch: arrays that share memory share the check. */
  private checkLabels(labels: NDArray, output: number): void {
    const where = `labels of ${this.model.name}`;
    if (isFloat(labels.dtype)) return checkFinite(labels, where);
    const sparse = this.objectives?.losses.find((loss) => loss.output === output && loss.loss.constructor.name.includes("Sparse"));
    if (sparse === undefined || this.checked.has(labels.data)) return;
    this.checked.add(labels.data);
    checkClasses(labels, Number.POSITIVE_INFINITY, where);
  }

  // Eager.

  private async eagerStep({ inputs, targets, sampleWeights, spec }: Prepared, training: boolean): Promise<StepResult> {
    const { compiled } = this;
    if (compiled === undefined) throw new ModelError("the model is not compiled", { where: this.model.name });
    const tape = new GradientTape();
    const step = tape.record(() => {
      const { engine } = session;
      const tensors = (arrays: readonly NDArray[]): Tensor[] => arrays.map((array) => engine.call(session).constant(array));
      const { outputs, weights, extra } = forwardStep(this.model, tensors(inputs), spec.structure, tensors(targets), tensors(sampleWeights), training);
      this.settle(this.objectives ?? new Objectives(compiled, outputs));
      return evaluateObjectives(this.objectives ?? new Objectives(compiled, outputs), outputs, weights, extra);
    });
    if (training) {
      const weights = this.model.trainableWeights;
      compiled.optimizer.apply(tape.gradient(step.loss, weights), weights);
    }
    const read = (tensors: readonly Tensor[]): Promise<NDArray[]> => Promise.all(tensors.map((tensor) => tensor.array()));
    const [loss] = await read([step.loss]);
    return { loss, outputLosses: await read(step.outputLosses), statistics: await Promise.all(step.statistics.map(read)) };
  }

  private async eagerPredict({ inputs, spec }: Prepared): Promise<Nest<NDArray>> {
    const { eager } = session.backend();
    const out = this.model.callFlat(inputs.map((array) => eager.constant(array)), spec.structure, false);
    const arrays = await Promise.all(flatten(out).map((tensor) => tensor.array()));
    return packNest(out, arrays);
  }
}

const numbered = (name: string, i: number): string => (i === 0 ? name : `${name}_${i}`);

const describeArguments = (specs: readonly ArgumentSpec[] | undefined): string =>
  specs === undefined ? "none" : specs.map(({ dtype, shape }) => `${dtype}[${shape.map(printDim)}]`).join(" ");
const inputsKey = (spec: Prepared["spec"]): string => `${JSON.stringify(mapNest(spec.structure, () => 0))} ${describeArguments(spec.inputs)} `;
const specKey = (spec: Prepared["spec"], training: boolean): string =>
  `${training ? "train" : "predict"} ${inputsKey(spec)}-> ${training ? describeArguments(spec.targets) : ""} ${training ? describeArguments(spec.sampleWeights) : ""}`;
