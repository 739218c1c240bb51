/**
 * How variables lie in the state of a compiled program. Weights that are trained lie end to end in one slab per dtype, and so does each slot of the
 * optimizer, so that an update is one elementwise kernel; a weight is a view of its slab. Other variables are states of their own.
 */
import { dtypes } from "../../../ir/dtype.ts";
import type { NDArray } from "../../../ir/ndarray.ts";
import { copyInto } from "../../arrays.ts";
import { setShape, type Tensor } from "../../tensor.ts";
import type { Trace } from "../../trace.ts";
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

export class StateLayout {
  readonly slabs: readonly Slab[];
  private readonly places = new Map<Variable, Place>();
  private readonly paths = new Map<Variable, string>();
  private readonly used = new Set<string>();
  private readonly kind: "param" | "state";

  /** `groups` become slabs, by name; variables that turn up later become single values of this kind. */
  constructor(
    kind: "param" | "state",
    groups: readonly { readonly name: string; readonly variables: readonly Variable[] }[],
  ) {
    this.kind = kind;
    this.slabs = groups.map(({ name, variables }) => makeSlab(name, variables));
    for (const slab of this.slabs) {
      this.used.add(slab.path);
      slab.variables.forEach((variable, index) => this.places.set(variable, { slab, index }));
    }
  }

  /** Where a variable lies in a slab; undefined for one on its own. */
  place(variable: Variable): Place | undefined {
    return this.places.get(variable);
  }

  /** The path of a variable on its own: its own, numbered where several have the same. */
  path(variable: Variable): string {
    const known = this.paths.get(variable);
    if (known !== undefined) return known;
    let path = variable.path;
    for (let i = 1; this.used.has(path); i++) path = `${variable.path}:${i}`;
    this.used.add(path);
    this.paths.set(variable, path);
    return path;
  }

  /** The variables on their own that were used, with their paths. */
  get singles(): ReadonlyMap<Variable, string> {
    return this.paths;
  }

  /** A variable as a tensor of a trace: an argument, or a view of one. */
  bind(trace: Trace, variable: Variable): Tensor {
    const place = this.places.get(variable);
    if (place === undefined)
      return trace.variable(this.path(variable), { dtype: variable.dtype, shape: variable.shape }, this.kind);
    const start = place.slab.offsets[place.index];
    const slab = this.bindSlab(trace, place.slab);
    const whole = place.slab.variables.length === 1;
    const flat = whole
      ? slab
      : trace.op("slice", [slab], { starts: [start], limits: [start + variable.size], strides: [1] })[0];
    return setShape(flat, variable.shape);
  }

  bindSlab(trace: Trace, slab: Slab): Tensor {
    return trace.variable(slab.path, { dtype: slab.dtype, shape: [slab.size] }, this.kind);
  }
}

function makeSlab(name: string, variables: readonly Variable[]): Slab {
  const offsets: number[] = [];
  let size = 0;
  for (const variable of variables) {
    offsets.push(size);
    size += variable.size;
  }
  const [{ dtype }] = variables;
  return { path: `slab/${name}/${dtype}`, dtype, variables, offsets, size };
}

/** Variables in groups of one dtype. */
export function byDType(variables: readonly Variable[]): readonly (readonly Variable[])[] {
  const groups = new Map<string, Variable[]>();
  for (const variable of variables)
    groups.set(variable.dtype, [...(groups.get(variable.dtype) ?? []), variable]);
  return [...groups.values()];
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

/** Tensors of any shapes end to end. */
export function joinFlat(tensors: readonly Tensor[], slab: Slab): Tensor {
  const flat = tensors.map((tensor, i) => setShape(tensor, [slab.variables[i].size]));
  return flat.length === 1 ? flat[0] : flat[0].engine.op("concat", flat, { axis: 0 })[0];
}
