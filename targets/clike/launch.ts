/**
 * The launch geometry of a kernel: its outer loops over grid and thread axes, taken off. GPU emitters need the extents on the host
 * and as attributes (`@workgroup_size`, `__launch_bounds__`).
 */
import { CompilerBug } from "../../ir/errors.ts";
import { type Expr, int, type Kernel } from "../../ir/kernel.ts";
import type { GridBind } from "../clike.ts";

export interface LaunchShape {
  /** Workgroups along x, y, z: expressions over the kernel's sizes. */
  readonly groups: readonly [Expr, Expr, Expr];
  /** Threads of a workgroup along x, y, z. */
  readonly threads: readonly [number, number, number];
}

/** Reads the outermost, perfectly nested grid and thread loops; axes without a loop have extent 1. */
export function launchShape(kernel: Kernel): LaunchShape {
  const extents = new Map<GridBind, Expr>();
  let { body } = kernel;
  for (;;) {
    const loop = body.find((stmt) => stmt.kind === "for");
    if (loop === undefined || !isGridLoop(loop.bind)) break;
    if (extents.has(loop.bind)) throw new CompilerBug("launch", `${kernel.name} binds ${loop.bind} twice`);
    extents.set(loop.bind, loop.extent);
    body = loop.body;
  }
  const groups = (bind: GridBind): Expr => extents.get(bind) ?? int(1);
  const threads = (bind: GridBind): number => {
    const extent = extents.get(bind) ?? int(1);
    if (extent.kind !== "const")
      throw new CompilerBug("launch", `${kernel.name}: the extent of ${bind} is not a constant`);
    return extent.value;
  };
  return {
    groups: [groups("grid.x"), groups("grid.y"), groups("grid.z")],
    threads: [threads("thread.x"), threads("thread.y"), threads("thread.z")],
  };
}

const isGridLoop = (bind: string): bind is GridBind => bind.startsWith("grid.") || bind.startsWith("thread.");
