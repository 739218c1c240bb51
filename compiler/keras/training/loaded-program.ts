/**
 * A traced model in the default backend. Weights stay in its session between steps; variables fetch them when somebody reads them, and those
 * that changed elsewhere are uploaded before the next call.
 */
import type { NDArray } from "../../../ir/ndarray.ts";
import type { Session } from "../../backend.ts";
import type { Logs } from "../callbacks/callback.ts";
import { session } from "../session.ts";
import type { Variable, VariableStore } from "../variable.ts";
import {
  type ProgramSpec,
  type Purpose,
  type StepName,
  stateValues,
  type TracedModel,
  traceModel,
} from "./program.ts";
import { composeSlab, type Slab, sliceSlab } from "./state-layout.ts";

/** A traced model in a backend, with its weights. */
export class Program implements VariableStore {
  readonly traced: TracedModel;
  private readonly loaded: Session;
  /** The version of each variable that the session holds. */
  private readonly versions = new Map<Variable, number>();

  private constructor(traced: TracedModel, loaded: Session) {
    this.traced = traced;
    this.loaded = loaded;
    for (const variable of this.held()) this.versions.set(variable, variable.version);
  }

  /** Traces and loads. Slow: this is where the compiler runs. */
  static async load(spec: ProgramSpec, purpose: Purpose): Promise<Program> {
    const traced = traceModel(spec, purpose);
    return new Program(traced, await session.backend().load(traced.module, await stateValues(traced.layout)));
  }

  /** Runs a function after bringing the session up to date with variables that changed outside of it. */
  async call(name: StepName | "predict", inputs: readonly NDArray[]): Promise<readonly NDArray[]> {
    const failure = this.traced.failures[name];
    if (failure !== undefined) throw failure;
    await this.push();
    const outputs = await this.loaded.call(name, inputs);
    if (name !== "predict") this.own(this.traced.changed[name] ?? []);
    return outputs;
  }

  /** Runs a step and names its results. */
  async step(name: StepName, inputs: readonly NDArray[]): Promise<Logs> {
    const outputs = await this.call(name, inputs);
    const names = this.traced.logNames[name] ?? [];
    return Object.fromEntries(names.map((log, i) => [log, Number(outputs[i].data[0])]));
  }

  /** Brings everything that lies here alone to the host. */
  async fetchAll(): Promise<void> {
    for (const variable of this.held()) if (variable.store === this) await variable.array();
  }

  /** The newest value of a variable; brings those that lie beside it along. */
  async fetch(variable: Variable): Promise<NDArray> {
    const { layout } = this.traced;
    const place = layout.place(variable);
    if (place === undefined) return this.loaded.read(layout.path(variable));
    const contents = await this.loaded.read(place.slab.path);
    place.slab.variables.forEach((other, i) => other.arrive(this, sliceSlab(place.slab, contents, i)));
    return sliceSlab(place.slab, contents, place.index);
  }

  private own(variables: readonly Variable[]): void {
    for (const variable of variables) {
      variable.moveTo(this);
      this.versions.set(variable, variable.version);
    }
  }

  private held(): Variable[] {
    const { layout } = this.traced;
    return [...layout.slabs.flatMap(({ variables }) => variables), ...layout.singles.keys()];
  }

  private async push(): Promise<void> {
    const { layout } = this.traced;
    for (const slab of layout.slabs)
      if (slab.variables.some((variable) => this.isStale(variable))) await this.pushSlab(slab);
    for (const [variable, path] of layout.singles) {
      if (this.isStale(variable)) await this.loaded.write(path, await variable.array());
      this.versions.set(variable, variable.version);
    }
  }

  private isStale(variable: Variable): boolean {
    return (
      variable.store !== this &&
      (variable.store !== undefined || this.versions.get(variable) !== variable.version)
    );
  }

  private async pushSlab(slab: Slab): Promise<void> {
    const arrays: NDArray[] = [];
    for (const variable of slab.variables) arrays.push(await variable.array());
    await this.loaded.write(slab.path, composeSlab(slab, arrays));
    for (const variable of slab.variables) this.versions.set(variable, variable.version);
  }
}
