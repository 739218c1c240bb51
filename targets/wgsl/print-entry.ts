/**
 * Writes an entry point: the attributes and built-in values it needs, its bases and sizes, its place in the grid, and the body that
 * `targets/clike.ts` prints.
 */
import { CompilerBug } from "../../ir/errors.ts";
import type { Expr } from "../../ir/kernel.ts";
import { atom, type Code, commentText, infixCode, LEVEL } from "../clike/code.ts";
import { type GridBind, INDENT, type PrintedKernel, printExtent, printKernel } from "../clike.ts";
import { builtinPosition, staticSize, wgslDialect, workgroupArray } from "./dialect.ts";
import type { Interface, PlacedKernel } from "./entry-point.ts";
import { DEVICE } from "./limits.ts";
import { Memory } from "./memory.ts";

export interface PrintedEntry {
  /** The function, and the workgroup arrays in front of it. */
  readonly text: string;
  /** Names that the module now has: those of the arrays. */
  readonly names: readonly string[];
}

/** `taken`: the names that the module has so far. */
export function printEntry(
  name: string,
  placed: PlacedKernel,
  face: Interface,
  taken: ReadonlySet<string>,
): PrintedEntry {
  const { kernel, shape, regions } = placed;
  const grid = gridAxes(placed);
  const dialect = wgslDialect(
    kernel,
    new Memory(regions),
    face.folded ? foldedPosition(grid) : builtinPosition,
  );
  const printed = printKernel(kernel, dialect, taken);
  const shared = printed.arrays.filter(({ buffer }) => buffer.space === "shared");
  checkWorkgroup(
    placed,
    shared.reduce((bytes, { buffer }) => bytes + 4 * staticSize(buffer), 0),
  );

  const sizes = new Map(kernel.dims.map(({ var: size }, at) => [size, printed.dims[at]]));
  const extentOf = (extent: Expr): Code =>
    printExtent(kernel, extent, dialect, (size) => sizes.get(size) ?? size.name);
  const running = face.folded ? runningNumber(grid.map(({ bind, extent }) => [bind, extentOf(extent)])) : [];
  const code = [...running.map((line) => INDENT + line), printed.body].join("\n");
  const lines = [
    ...shared.map(workgroupArray),
    ...(name === kernel.name ? [] : [`// ${commentText(kernel.name)}`]),
    `@compute @workgroup_size(${trimmed(shape.threads).join(", ")})`,
    `fn ${name}(${builtins(code).join(", ")}) {`,
    ...valueLines(printed, face, code),
    code,
    "}",
  ];
  return { text: lines.join("\n"), names: shared.map((array) => array.name) };
}

function checkWorkgroup({ kernel, shape: { threads } }: PlacedKernel, sharedBytes: number): void {
  const [x, y, z] = threads;
  if (x * y * z > DEVICE.threads || z > DEVICE.threadsAlongZ) {
    throw new CompilerBug("wgsl", `${kernel.name} has workgroups of ${threads.join(" x ")} threads`);
  }
  if (sharedBytes > DEVICE.sharedBytes) {
    throw new CompilerBug("wgsl", `${kernel.name} uses ${sharedBytes} bytes of workgroup memory`);
  }
}

/** The axes of the grid, without those of extent 1. */
function gridAxes({
  shape: { groups },
}: PlacedKernel): readonly { readonly bind: GridBind; readonly extent: Expr }[] {
  const binds: readonly GridBind[] = ["grid.x", "grid.y", "grid.z"];
  const axes = binds.map((bind, at) => ({ bind, extent: groups[at] }));
  return axes.filter(({ extent }) => extent.kind !== "const" || extent.value !== 1);
}

const widthName = (bind: GridBind): string => bind.replace("grid.", "groups_");

/** Coordinates out of the running number, x fastest. */
function foldedPosition(grid: ReturnType<typeof gridAxes>): (bind: GridBind) => Code {
  const binds = grid.map(({ bind }) => bind);
  return (bind) => {
    if (bind.startsWith("thread.")) return builtinPosition(bind);
    const at = binds.indexOf(bind);
    if (at < 0) return atom("0");
    const quotient = binds
      .slice(0, at)
      .reduce(
        (code, inner) => infixCode("/", LEVEL.multiplicative, code, atom(widthName(inner))),
        atom("block"),
      );
    return at === binds.length - 1
      ? quotient
      : infixCode("%", LEVEL.multiplicative, quotient, atom(widthName(bind)));
  };
}

/** The number of this workgroup among all, and the way out for those beyond the last. */
function runningNumber(axes: readonly (readonly [GridBind, Code])[]): string[] {
  const widths =
    axes.length > 1 ? axes.map(([bind, extent]) => `let ${widthName(bind)} = ${extent.text};`) : [];
  const total = axes.length > 1 ? axes.map(([bind]) => widthName(bind)).join(" * ") : axes[0][1].text;
  return [
    ...widths,
    "let block = i32(group_id.x + group_id.y * group_count.x);",
    `if (block >= ${total}) { return; }`,
  ];
}

/** The declarations of bases and sizes that `code` mentions. */
function valueLines({ params, dims }: PrintedKernel, { values }: Interface, code: string): string[] {
  return [...params, ...dims].flatMap((name, at) => {
    if (!new RegExp(`\\b${name}\\b`).test(code)) return [];
    const value = values[at];
    const text =
      value.kind === "constant" ? `const ${name} = ${value.value};` : `let ${name} = ${paramText(value.at)};`;
    return [INDENT + text];
  });
}

const paramText = (at: number): string => `params[${at >> 2}].${"xyzw"[at & 3]}`;

const BUILTINS = [
  ["group_id", "@builtin(workgroup_id) group_id: vec3u"],
  ["group_count", "@builtin(num_workgroups) group_count: vec3u"],
  ["local_id", "@builtin(local_invocation_id) local_id: vec3u"],
] as const;

const builtins = (code: string): string[] =>
  BUILTINS.filter(([name]) => new RegExp(`\\b${name}\\.`).test(code)).map(([, text]) => text);

/** Without the ones at the end. */
const trimmed = ([x, y, z]: readonly [number, number, number]): number[] =>
  z > 1 ? [x, y, z] : y > 1 ? [x, y] : [x];
