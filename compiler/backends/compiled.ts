/**
 * Backends that compile: one class for all targets, given what loads a bundle on that target. Sessions keep weights and state where the
 * target has them.
 */

import type { Module } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { Bundle } from "../../ir/program.ts";
import type { Backend, BackendName, Session } from "../backend.ts";
import { EagerEngine } from "../eager.ts";
import { compile, runPrepare } from "../pipeline.ts";
import type { Executable, Loader } from "./loader.ts";

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

  constructor(
    executable: Executable,
    { weights, state }: Bundle,
    module: Module,
    values: ReadonlyMap<string, NDArray>,
  ) {
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
    for (const [prepared, array] of runPrepare(this.module, this.values))
      await this.executable.write(prepared, array);
  }
}
