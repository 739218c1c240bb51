/**
 * Backends that compile: one class for all targets, given what loads a bundle on that target. Sessions keep weights and state where the
 * target has them.
 */
import type { NDArray } from "../../ir/ndarray.ts";
import type { Module } from "../../ir/graph.ts";
import type { Bundle } from "../../ir/program.ts";
import type { Scheduler } from "../../targets/schedule/scheduler.ts";
import type { Backend, BackendName, Session } from "../backend.ts";
import { EagerEngine } from "../eager.ts";
import { compile, runPrepare } from "../pipeline.ts";

/** A loaded bundle: runs its programs, holds its weights and state. */
export interface Executable {
  /** Inputs and results in the order of the program's ports. */
  call(entry: string, inputs: readonly NDArray[]): readonly NDArray[] | Promise<readonly NDArray[]>;
  read(path: string): NDArray | Promise<NDArray>;
  write(path: string, value: NDArray): void | Promise<void>;
}

/** What a target brings: its schedule, and how its code is loaded in this process. */
export interface Loader {
  readonly name: BackendName;
  readonly scheduler: Scheduler;
  /** Loads several bundles at once: where a system compiler has to run, it runs once. */
  load(bundles: readonly Bundle[]): readonly Executable[] | Promise<readonly Executable[]>;
  /** True where `load` and `call` answer at once. */
  readonly isSynchronous: boolean;
}

export class CompiledBackend implements Backend {
  readonly name: BackendName;
  readonly eager: EagerEngine;
  private readonly loader: Loader;

  constructor(loader: Loader) {
    this.name = loader.name;
    this.loader = loader;
    this.eager = new EagerEngine(loader);
  }

  async load(module: Module, values: ReadonlyMap<string, NDArray>): Promise<Session> {
    const { bundle, module: compiled } = compile("model", module, values, this.loader.scheduler);
    const [executable] = await this.loader.load([bundle]);
    return new CompiledSession(executable, bundle, compiled, values);
  }
}

class CompiledSession implements Session {
  private readonly executable: Executable;
  private readonly stored: ReadonlySet<string>;
  private readonly module: Module;
  /** What was given: parameters that only `prepare` reads are nowhere else. */
  private readonly values: Map<string, NDArray>;

  constructor(executable: Executable, { weights, state }: Bundle, module: Module, values: ReadonlyMap<string, NDArray>) {
    this.executable = executable;
    this.stored = new Set([...weights.fields, ...state.fields].map(({ name }) => name));
    this.module = module;
    this.values = new Map(values);
  }

  async call(name: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]> {
    return this.executable.call(name, inputs);
  }

  async read(path: string): Promise<NDArray> {
    const given = this.values.get(path);
    return this.stored.has(path) || given === undefined ? this.executable.read(path) : given;
  }

  async write(path: string, value: NDArray): Promise<void> {
    this.values.set(path, value);
    if (this.stored.has(path)) await this.executable.write(path, value);
    for (const [prepared, array] of runPrepare(this.module, this.values)) await this.executable.write(prepared, array);
  }
}
