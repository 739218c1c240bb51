/**
 * How batches run: through compiled programs, made when a kind of data is first seen, or eagerly op by op.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Tensor } from "../../tensor.ts";
import { flatten, type Nest, packNest } from "../nest.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { session } from "../session.ts";
import { GradientTape } from "../tape.ts";
import { checkLabels } from "./check-labels.ts";
import type { Batch } from "./data.ts";
import { Program, readStep } from "./loaded-program.ts";
import { type CompileTargets, evaluateObjectives, Objectives, type StepValues } from "./objectives.ts";
import { type PreparedBatch, prepareBatch, specKey } from "./prepare.ts";
import { forwardStep, type ProgramSpec, type Purpose } from "./program.ts";
import type { Trainable } from "./trainable.ts";

/** What `compile` settles. */
export interface Compilation extends CompileTargets {
  readonly optimizer: Optimizer;
  readonly runEagerly: boolean;
}

/** The numbers of one step. */
export type StepResult = StepValues<NDArray>;

/** Runs the steps of one model under one compilation. */
export class Runner {
  /** Settled losses and metrics; known after the first step. */
  objectives: Objectives | undefined;
  private readonly model: Trainable;
  private readonly compiled: Compilation | undefined;
  private readonly programs = new Map<string, Promise<Program>>();

  /** Without a compilation it can only predict. */
  constructor(model: Trainable, compiled?: Compilation) {
    this.model = model;
    this.compiled = compiled;
  }

  trainStep(batch: Batch): Promise<StepResult> {
    const prepared = prepareBatch(batch, this.model);
    return this.requireCompiled().runEagerly
      ? this.eagerStep(prepared, true)
      : this.compiledStep("train", prepared);
  }

  testStep(batch: Batch): Promise<StepResult> {
    const prepared = prepareBatch(batch, this.model);
    return this.requireCompiled().runEagerly
      ? this.eagerStep(prepared, false)
      : this.compiledStep("test", prepared);
  }

  /** Predictions in the structure that the model returns. */
  async predictStep(batch: Batch): Promise<Nest<NDArray>> {
    const prepared = prepareBatch({ ...batch, y: null, sampleWeight: null }, this.model);
    if (this.compiled?.runEagerly) return this.eagerPredict(prepared);
    const program = await this.programFor("predict", prepared);
    const outputs = await program.call("predict", prepared.inputs);
    return packNest(program.traced.outputStructure, outputs);
  }

  private requireCompiled(): Compilation {
    if (this.compiled !== undefined) return this.compiled;
    throw new ModelError("the model is not compiled", {
      where: this.model.name,
      hint: "Call model.compile({ optimizer, loss }) first",
    });
  }

  private async compiledStep(purpose: "train" | "test", prepared: PreparedBatch): Promise<StepResult> {
    const program = await this.programFor(purpose, prepared);
    const { traced } = program;
    this.objectives ??= traced.objectives;
    checkLabels(prepared.targets, traced.objectives?.losses ?? [], `labels of ${this.model.name}`);
    const inputs = [...prepared.inputs, ...prepared.targets, ...prepared.sampleWeights];
    return readStep(await program.call(purpose === "train" ? "train_step" : "test_step", inputs), traced);
  }

  /** The program for this kind of data. One made for training serves the other purposes too, while the newest weights lie in it. */
  private programFor(purpose: Purpose, prepared: PreparedBatch): Promise<Program> {
    const key = specKey(prepared, purpose !== "predict");
    const training = [...this.programs].find(([other]) => other.startsWith(`train ${key}`))?.[1];
    const away = this.model.weights.some(({ store }) => store !== undefined);
    if (training !== undefined && (purpose !== "predict" || away)) return training;
    return this.programs.get(`${purpose} ${key}`) ?? this.load(`${purpose} ${key}`, purpose, prepared);
  }

  private load(key: string, purpose: Purpose, { structure, specs }: PreparedBatch): Promise<Program> {
    const { model, compiled, objectives } = this;
    const spec: ProgramSpec = { model, structure, ...specs, compiled, objectives };
    const program = Program.load(spec, purpose);
    this.programs.set(key, program);
    // A program that failed to compile is no program: the next call tries again.
    program.catch(() => this.programs.delete(key));
    return program;
  }

  private async eagerStep(
    { inputs, targets, sampleWeights, structure }: PreparedBatch,
    training: boolean,
  ): Promise<StepResult> {
    const compiled = this.requireCompiled();
    const tape = new GradientTape();
    const tensors = (arrays: readonly NDArray[]): Tensor[] =>
      arrays.map((array) => session.engine().constant(array));
    const step = tape.record(() => {
      const { outputs, weights, extra } = forwardStep(
        this.model,
        tensors(inputs),
        structure,
        tensors(targets),
        tensors(sampleWeights),
        training,
      );
      this.objectives ??= new Objectives(compiled, outputs);
      checkLabels(targets, this.objectives.losses, `labels of ${this.model.name}`);
      return evaluateObjectives(this.objectives, outputs, weights, extra);
    });
    if (training) {
      const weights = this.model.trainableWeights;
      compiled.optimizer.apply(tape.gradient(step.loss, weights), weights);
    }
    const read = (values: readonly Tensor[]): Promise<NDArray[]> =>
      Promise.all(values.map((tensor) => tensor.array()));
    const [loss] = await read([step.loss]);
    return {
      loss,
      outputLosses: await read(step.outputLosses),
      statistics: await Promise.all(step.statistics.map(read)),
    };
  }

  private async eagerPredict({ inputs, structure }: PreparedBatch): Promise<Nest<NDArray>> {
    const { eager } = session.backend();
    const out = this.model.callFlat(
      inputs.map((array) => eager.constant(array)),
      structure,
      false,
    );
    return packNest(out, await Promise.all(flatten(out).map((tensor) => tensor.array())));
  }
}
