/**
 * How variables lie in the state of a compiled program. Weights that are trained lie end to end in one slab per dtype, and so does each slot of the
 * optimizer, so that an update is one elementwise kernel; a weight is a view of its slab. Other variables are states of their own.
 */
import { dtypes } from "../../../ir/dtype.ts";
import { type NDArray, zeros } from "../../../ir/ndarray.ts";
import { copyInto } from "../../arrays.ts";
import type { Tensor } from "../../tensor.ts";
import type { Trace } from "../../trace.ts";
import { TraceScope } from "../trace-scope.ts";
import type { Variable } from "../variable.ts";

export interface Slab {
  readonly path: string;
  readonly dtype: Variable["dtype"];
  readonly variables: readonly Variable[];
  /** Where each variable starts, in elements. */
  readonly offsets: readonly number[];
  readonly size: number;
}

export interface Place {
  readonly slab: Slab;
  readonly index: number;
}

/** What a variable on its own is to a function: a weight that it only reads, state that it may change, or a number that it begins with anew. */
export type Role = "param" | "state" | "fresh";

export class StateLayout {
  readonly slabs: readonly Slab[];
  private readonly places = new Map<Variable, Place>();
  private readonly paths = new Map<Variable, string>();
  private readonly used = new Set<string>();
  private readonly roleOf: (variable: Variable) => Role;

  /** Lists of variables become slabs, by name; variables that turn up later become single values. */
  constructor(
    roleOf: (variable: Variable) => Role,
    groups: readonly { readonly name: string; readonly variables: readonly Variable[] }[] = [],
  ) {
    this.roleOf = roleOf;
    this.slabs = groups.map(({ name, variables }) =>
      makeSlab(this.freePath(slabPath(name, variables)), variables),
    );
    for (const slab of this.slabs)
      slab.variables.forEach((variable, index) => this.places.set(variable, { slab, index }));
  }

  /** Where a variable lies in a slab; undefined for one on its own. */
  place(variable: Variable): Place | undefined {
    return this.places.get(variable);
  }

  /** The path of a variable on its own: its own, numbered where several have the same. */
  path(variable: Variable): string {
    const known = this.paths.get(variable);
    if (known !== undefined) return known;
    const path = this.freePath(variable.path);
    this.paths.set(variable, path);
    return path;
  }

  private freePath(wanted: string): string {
    let path = wanted;
    for (let i = 1; this.used.has(path); i++) path = `${wanted}:${i}`;
    this.used.add(path);
    return path;
  }

  /** The variables on their own that were used, with their paths. */
  get singles(): ReadonlyMap<Variable, string> {
    return this.paths;
  }

  /** The scope in which code is traced: variables are arguments, or parts of those. */
  scope(trace: Trace): TraceScope {
    const pieces = this.slabs.map((slab) => ({
      variables: slab.variables,
      offsets: slab.offsets,
      bind: () => trace.variable(slab.path, { dtype: slab.dtype, shape: [slab.size] }, "state"),
    }));
    return new TraceScope(trace, (variable) => this.bind(trace, variable), pieces);
  }

  private bind(trace: Trace, variable: Variable): Tensor {
    const { dtype, shape } = variable;
    const role = this.roleOf(variable);
    if (role === "fresh") return trace.constant(zeros(dtype, shape));
    return trace.variable(this.path(variable), { dtype, shape }, role);
  }

  /** The argument or result that holds variables; undefined where a function begins with them anew. */
  pathOf(variables: readonly Variable[]): string | undefined {
    const [first] = variables;
    const slab = this.place(first)?.slab;
    if (slab !== undefined) return slab.path;
    return this.roleOf(first) === "fresh" ? undefined : this.path(first);
  }
}

const slabPath = (name: string, [{ dtype }]: readonly Variable[]): string => `slab/${name}/${dtype}`;

function makeSlab(path: string, variables: readonly Variable[]): Slab {
  const offsets: number[] = [];
  let size = 0;
  for (const variable of variables) {
    offsets.push(size);
    size += variable.size;
  }
  const [{ dtype }] = variables;
  return { path, dtype, variables, offsets, size };
}

/** The contents of a slab, from those of its variables. */
export function composeSlab(slab: Slab, arrays: readonly NDArray[]): NDArray {
  const data = dtypes[slab.dtype].allocate(slab.size);
  arrays.forEach((array, i) => copyInto(data, slab.offsets[i], array.data, 0, array.data.length));
  return { dtype: slab.dtype, shape: [slab.size], data };
}

/** A copy of one variable's part of a slab. */
export function sliceSlab(slab: Slab, contents: NDArray, index: number): NDArray {
  const { shape, size, dtype } = slab.variables[index];
  return { dtype, shape, data: contents.data.slice(slab.offsets[index], slab.offsets[index] + size) };
}
