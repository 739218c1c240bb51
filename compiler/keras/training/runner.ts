/**
 * How batches run: through compiled programs, made when a kind of data is first seen, or eagerly op by op. Both run the same methods of the model.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Tensor } from "../../tensor.ts";
import type { Logs } from "../callbacks/callback.ts";
import { flatten, type Nest, packNest } from "../nest.ts";
import { session } from "../session.ts";
import { checkLabels } from "./check-labels.ts";
import type { Batch } from "./data.ts";
import { Program } from "./loaded-program.ts";
import { byOutput } from "./outputs.ts";
import { type PreparedBatch, type PreparedPart, prepareBatch, specKey } from "./prepare.ts";
import { type ProgramSpec, type Purpose, runStep, type StepName, scalarOf } from "./program.ts";
import type { StepData, Trainable } from "./trainable.ts";

/** Runs the steps of one model under one compilation. */
export class Runner {
  private readonly model: Trainable;
  private readonly isEager: boolean;
  private readonly programs = new Map<string, Promise<Program>>();

  constructor(model: Trainable, runEagerly = false) {
    this.model = model;
    this.isEager = runEagerly;
  }

  /** One step of training or evaluation; resolves to what the metrics say then. */
  async step(name: StepName, batch: Batch): Promise<Logs> {
    const prepared = prepareBatch(batch, this.model);
    if (this.isEager) return this.eagerStep(name, prepared);
    const program = await this.programFor(name === "train_step" ? "train" : "test", prepared);
    this.checkLabels(prepared);
    return program.step(name, [prepared.x, prepared.y, prepared.sampleWeight].flatMap(arraysOf));
  }

  /** Predictions in the structure that the model returns. */
  async predictStep(batch: Batch): Promise<Nest<NDArray>> {
    const prepared = prepareBatch({ ...batch, y: null, sampleWeight: null }, this.model);
    if (this.isEager) return this.eagerPredict(prepared);
    const program = await this.programFor("predict", prepared);
    const outputs = await program.call("predict", prepared.x.arrays);
    return packNest(program.traced.outputStructure, outputs);
  }

  /** Brings values that only programs hold to the host. */
  async fetch(): Promise<void> {
    for (const program of this.programs.values()) await (await program).fetchAll();
  }

  /** Labels that a compiled step would silently train on. Which ones must be class numbers is known once the step was traced or run. */
  private checkLabels({ y }: PreparedBatch): void {
    if (y === null) return;
    const labels = byOutput<NDArray>(packNest(y.structure, y.arrays), this.model.outputNames);
    checkLabels(labels, this.model.classLabels, `labels of ${this.model.name}`);
  }

  /** The program for this kind of data. One made for training serves the other purposes too, while the newest weights lie in it. */
  private programFor(purpose: Purpose, prepared: PreparedBatch): Promise<Program> {
    const key = specKey(prepared, purpose !== "predict");
    const training = [...this.programs].find(([other]) => other.startsWith(`train ${key}`))?.[1];
    const away = this.model.weights.some(({ store }) => store !== undefined);
    if (training !== undefined && (purpose !== "predict" || away)) return training;
    return this.programs.get(`${purpose} ${key}`) ?? this.load(`${purpose} ${key}`, purpose, prepared);
  }

  private load(key: string, purpose: Purpose, { x, y, sampleWeight }: PreparedBatch): Promise<Program> {
    const spec: ProgramSpec = { model: this.model, x, y, sampleWeight };
    const program = Program.load(spec, purpose);
    this.programs.set(key, program);
    // A program that failed to compile is no program: the next call tries again.
    program.catch(() => this.programs.delete(key));
    return program;
  }

  private async eagerStep(name: StepName, prepared: PreparedBatch): Promise<Logs> {
    const isKnown = this.model.classLabels.length > 0;
    this.checkLabels(prepared);
    const logs = Object.entries(runStep(this.model, name, this.eagerData(prepared)));
    if (!isKnown) this.checkLabels(prepared);
    const values = await Promise.all(logs.map(([, value]) => scalarOf(value).array()));
    return Object.fromEntries(logs.map(([log], i) => [log, Number(values[i].data[0])]));
  }

  private async eagerPredict(prepared: PreparedBatch): Promise<Nest<NDArray>> {
    const out = this.model.predictStep(this.eagerData(prepared));
    return packNest(out, await Promise.all(flatten<Tensor>(out).map((tensor) => tensor.array())));
  }

  private eagerData({ x, y, sampleWeight }: PreparedBatch): StepData {
    const { eager } = session.backend();
    const tensors = ({ arrays }: PreparedPart): Tensor[] => arrays.map((array) => eager.constant(array));
    const pack = (part: PreparedPart | null): Nest<Tensor> | null =>
      part === null ? null : packNest(part.structure, tensors(part));
    return [this.model.packInputs(tensors(x), x.structure), pack(y), pack(sampleWeight)];
  }
}

const arraysOf = (part: PreparedPart | null): readonly NDArray[] => part?.arrays ?? [];
