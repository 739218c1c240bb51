/**
 * The two ways of running a function of tensors. Eager: op by op, gradients from a tape. Compiled: traced as one function and compiled whole
 * by the backend, its gradient likewise as one function.
 */
import { isNDArray } from "../../compiler/arrays.ts";
import { gradients } from "../../compiler/autodiff.ts";
import type { Backend, Session } from "../../compiler/backend.ts";
import { flatten, mapNest, type Nest } from "../../compiler/keras/nest.ts";
import { session } from "../../compiler/keras/session.ts";
import { GradientTape } from "../../compiler/keras/tape.ts";
import { TraceScope } from "../../compiler/keras/trace-scope.ts";
import type { Variable } from "../../compiler/keras/variable.ts";
import { cast, elementwise, sum, type Tensor, TensorMethods, toTensor } from "../../compiler/tensor.ts";
import { Trace } from "../../compiler/trace.ts";
import { isFloat } from "../../ir/dtype.ts";
import type { Func } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import { opTable } from "../../ir/ops/index.ts";

/** A function of tensors; what it returns may hold other values too. */
export type Body = (inputs: readonly Tensor[]) => unknown;

/** A function that is ready to run. */
export interface Loaded {
  /** The results in their structure, tensors as arrays. */
  call(inputs: readonly NDArray[]): Promise<Nest<unknown>>;
  /** The present value of a variable. */
  read(variable: Variable): Promise<NDArray>;
}

export interface Sources {
  /** Positions of inputs. */
  readonly inputs: readonly number[];
  readonly variables: readonly Variable[];
}

export interface Executor {
  readonly mode: "eager" | "compiled";
  /** `state` are the variables that the body may change. */
  load(body: Body, example: readonly NDArray[], state?: readonly Variable[]): Promise<Loaded>;
  /** Gradients of the sum of float results times cotangents, by variables and then by inputs. */
  gradients(
    body: Body,
    inputs: readonly NDArray[],
    cotangents: readonly NDArray[],
    sources: Sources,
  ): Promise<NDArray[]>;
}

export const executors: readonly Executor[] = [
  { mode: "eager", load: loadEager, gradients: eagerGradients },
  { mode: "compiled", load: loadCompiled, gradients: compiledGradients },
];

// Eager.

async function loadEager(body: Body): Promise<Loaded> {
  const { eager } = session.backend();
  return {
    call: async (inputs) => readAll(body(inputs.map((array) => eager.constant(array)))),
    read: (variable) => variable.array(),
  };
}

async function readAll(result: unknown): Promise<Nest<unknown>> {
  const leaves = flatten<unknown>(result as Nest<unknown>);
  const arrays: unknown[] = [];
  for (const leaf of leaves) arrays.push(leaf instanceof TensorMethods ? await leaf.value.array() : leaf);
  let next = 0;
  return mapNest<unknown, unknown>(result as Nest<unknown>, () => arrays[next++]);
}

async function eagerGradients(
  body: Body,
  inputs: readonly NDArray[],
  cotangents: readonly NDArray[],
  sources: Sources,
): Promise<NDArray[]> {
  const tape = new GradientTape();
  const tensors = inputs.map((array) => tape.watch(array));
  const loss = tape.record(() =>
    weightedSum(
      body(tensors),
      cotangents.map((array) => tape.watch(array)),
    ),
  );
  const wanted = [...sources.variables, ...sources.inputs.map((i) => tensors[i])];
  return Promise.all(tape.gradient(loss, wanted).map((tensor) => tensor.array()));
}

function weightedSum(result: unknown, cotangents: readonly Tensor[]): Tensor {
  const floats = flatten<unknown>(result as Nest<unknown>).flatMap((leaf) =>
    leaf instanceof TensorMethods && isFloat(leaf.value.dtype) ? [leaf.value] : [],
  );
  const terms = cotangents.map((cotangent, i) =>
    cast(sum(elementwise("mul", [floats[i], cotangent]), null, false), "f32"),
  );
  return terms.reduce((a, b) => elementwise("add", [a, b]));
}

// Compiled.

/** A trace in which variables are parameters; those that the body assigns become states. */
class OpenTrace {
  readonly trace = new Trace(opTable);
  readonly scope = new TraceScope(this.trace, (variable) =>
    this.trace.variable(this.pathOf(variable), variable),
  );
  private readonly paths = new Map<Variable, string>();

  pathOf(variable: Variable): string {
    const path = this.paths.get(variable) ?? `${variable.path}#${this.paths.size}`;
    this.paths.set(variable, path);
    return path;
  }

  inputs(arrays: readonly NDArray[], prefix: string): Tensor[] {
    return arrays.map(({ dtype, shape }, i) => this.trace.input(`${prefix}${i}`, dtype, shape));
  }

  /** Closes the trace and compiles it; `updates` become states. */
  async load(
    backend: Backend,
    tensors: readonly Tensor[],
    updates: ReadonlyMap<Variable, Tensor> = new Map(),
  ): Promise<Session> {
    const outputs = tensors.map((tensor, i) => ({
      tensor,
      role: { kind: "output", name: `y${i}` } as const,
    }));
    const states = [...updates].map(([variable, tensor]) => ({
      tensor,
      role: { kind: "state", path: this.pathOf(variable) } as const,
    }));
    const traced = this.trace.finish("main", [...outputs, ...states]);
    const written = new Set(states.map(({ role }) => role.path));
    const args: Func["args"] = traced.args.map((role) =>
      role.kind === "param" && written.has(role.path) ? { kind: "state", path: role.path } : role,
    );
    const values = new Map<string, NDArray>();
    for (const [variable, path] of this.paths) values.set(path, await variable.array());
    return backend.load({ funcs: [{ ...traced, args }] }, values);
  }
}

async function loadCompiled(
  body: Body,
  example: readonly NDArray[],
  state: readonly Variable[] = [],
): Promise<Loaded> {
  const open = new OpenTrace();
  const { trace, scope } = open;
  const inputs = open.inputs(example, "x");
  const result = session.within(scope, () => {
    for (const variable of state) scope.read(variable);
    return body(inputs);
  });
  const leaves = flatten<unknown>(result as Nest<unknown>);
  const tensors = leaves.flatMap((leaf) =>
    leaf instanceof TensorMethods ? [toTensor(leaf.value, trace)] : [],
  );
  const isComputed = tensors.length > 0 || scope.updates.size > 0;
  const loaded = isComputed ? await open.load(session.backend(), tensors, scope.updates) : undefined;
  return {
    call: async (arrays) => {
      const outputs = (await loaded?.call("main", arrays)) ?? [];
      let next = 0;
      return mapNest<unknown, unknown>(result as Nest<unknown>, (leaf) =>
        leaf instanceof TensorMethods ? outputs[next++] : leaf,
      );
    },
    read: async (variable) =>
      scope.updates.has(variable) && loaded !== undefined
        ? loaded.read(open.pathOf(variable))
        : variable.array(),
  };
}

async function compiledGradients(
  body: Body,
  inputs: readonly NDArray[],
  cotangents: readonly NDArray[],
  sources: Sources,
): Promise<NDArray[]> {
  const open = new OpenTrace();
  const { trace, scope } = open;
  const [tensors, weights] = [open.inputs(inputs, "x"), open.inputs(cotangents, "dy")];
  const found = session.within(scope, () => {
    const variables = sources.variables.map((variable) => scope.read(variable));
    const loss = weightedSum(body(tensors), weights);
    const wanted = [...variables, ...sources.inputs.map((i) => tensors[i])].map((t) => trace.value(t));
    return gradients(trace.builder, trace.value(loss), wanted).map((value, i) =>
      trace.wrap(value ?? trace.builder.full(wanted[i].type, 0)),
    );
  });
  const loaded = await open.load(session.backend(), found);
  return [...(await loaded.call("main", [...inputs, ...cotangents]))];
}

/** The arrays of a structure of results, in order. */
export const arraysIn = (result: unknown): NDArray[] =>
  flatten<unknown>(result as Nest<unknown>).filter(isNDArray);
