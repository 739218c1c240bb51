/**
 * One entry point for each distinct kernel of a bundle. Kernels are the same when their bodies print alike and their arguments lie in
 * the same regions; they may differ in the bases of those arguments and in their sizes. What all launches of an entry point agree on
 * becomes a constant of the shader, the rest comes from the `params` of the dispatch.
 */
import type { Dim } from "../../ir/dim.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { replaceBuffers } from "../../ir/walk-kernel.ts";
import type { Size } from "../../runtime/webgpu-plan.ts";
import { type LaunchShape, launchShape } from "../clike/launch.ts";
import { printExtent, printKernel } from "../clike.ts";
import { builtinPosition, wgslDialect, workgroupArray } from "./dialect.ts";
import { foldConstants } from "./fold.ts";
import { DEVICE } from "./limits.ts";
import { Memory, type Region, type Regions } from "./memory.ts";
import { combine, dimSize, extentSize } from "./size.ts";

/** Where an argument begins: so many of its elements from the start of its region. */
export interface Argument {
  readonly region: Region;
  readonly base: Dim;
}

/** A kernel, where its arguments lie, and its sizes. */
export interface Launch {
  readonly kernel: Kernel;
  readonly args: readonly Argument[];
  readonly dims: readonly Dim[];
}

/** A kernel with constants folded, and where its arguments lie. */
export interface PlacedKernel {
  readonly kernel: Kernel;
  readonly regions: Regions;
  readonly shape: LaunchShape;
}

export function placedKernel({ kernel, args }: Launch): PlacedKernel {
  const folded = foldConstants(kernel);
  const regions = new Map(kernel.params.map(({ buffer }, at) => [buffer, args[at].region]));
  return { kernel: folded, regions, shape: launchShape(folded) };
}

/** Identifies kernels that may share an entry point: their text, with arguments named by position. */
export function keyOf({ kernel, regions, shape }: PlacedKernel): string {
  const anonymous = new Map(kernel.params.map(({ buffer }, at) => [buffer, { ...buffer, name: `p${at}` }]));
  const params = kernel.params.map(({ buffer, access }) => ({
    buffer: anonymous.get(buffer) ?? buffer,
    access,
  }));
  const same: Kernel = { ...kernel, params, body: replaceBuffers(kernel.body, anonymous) };
  const memory = new Memory(
    new Map([...regions].map(([buffer, region]) => [anonymous.get(buffer) ?? buffer, region])),
  );
  const dialect = wgslDialect(same, memory, builtinPosition);
  const { body, arrays } = printKernel(same, dialect);
  const groups = shape.groups.map((extent) => printExtent(kernel, extent, dialect, ({ name }) => name).text);
  return [shape.threads, groups, ...arrays.map(workgroupArray), body].join("\n");
}

/** A value that a shader needs: known when it is compiled, or passed with each dispatch. */
export type Value =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "param"; readonly at: number };

/** How the launches of one entry point differ. */
export interface Interface {
  /** For each argument its base, then for each size its value. */
  readonly values: readonly Value[];
  readonly params: number;
  /**
   * Whether workgroups carry one running number instead of coordinates: so where an axis could exceed the limit, since then the grid is
   * spread over x and y as they come.
   */
  readonly folded: boolean;
}

export function interfaceOf(placed: PlacedKernel, launches: readonly Launch[]): Interface {
  const [first, ...others] = launches.map(sizesOf);
  let params = 0;
  const values = first.map((value, at): Value => {
    const agreed = typeof value === "number" && others.every((sizes) => sizes[at] === value);
    return agreed ? { kind: "constant", value } : { kind: "param", at: params++ };
  });
  const counts = launches.flatMap((launch) => groupsOf(placed, launch));
  const folded = counts.some((count) => typeof count !== "number" || count > DEVICE.groups);
  return { values, params, folded };
}

/** The params of a dispatch, in the order of the shader. */
export const paramsOf = (launch: Launch, { values }: Interface): Size[] =>
  sizesOf(launch).filter((_, at) => values[at].kind === "param");

/** The workgroups of a dispatch: along each axis, or all of them. */
export function dispatchOf(placed: PlacedKernel, launch: Launch, { folded }: Interface): Size[] {
  const groups = groupsOf(placed, launch);
  if (folded) return [groups.reduce((a, b) => combine("*", a, b))];
  const used = groups.findLastIndex((count) => count !== 1) + 1;
  return groups.slice(0, Math.max(used, 1));
}

const sizesOf = ({ args, dims }: Launch): Size[] => [...args.map(({ base }) => base), ...dims].map(dimSize);

function groupsOf({ kernel, shape }: PlacedKernel, { dims }: Launch): Size[] {
  const sizes = new Map(kernel.dims.map(({ var: size }, at) => [size, dims[at]]));
  return shape.groups.map((extent) => extentSize(extent, sizes));
}
