/**
 * Kernels as functions. Each distinct kernel of a bundle is printed once, under its own name; equal texts (the repeated blocks of a
 * network) share one function. Pointers are `__restrict` exactly where no launch passes overlapping memory.
 */
import { addDims, type Dim, mulDims, printDim, subDims } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { type Bundle, launchesOf, type Slot } from "../../ir/program.ts";
import { memoryType, refuseHalf } from "../clike/c-dialect.ts";
import { commentText } from "../clike/code.ts";
import type { Names } from "../clike/names.ts";
import { type Dialect, printKernel } from "../clike.ts";

export interface KernelStyle {
  readonly target: string;
  readonly dialect: Dialect;
  /** What stands before the name: `void`, `__global__ void`, with attributes. */
  head(kernel: Kernel): string;
}

export interface KernelFunctions {
  readonly texts: readonly string[];
  readonly nameOf: ReadonlyMap<Kernel, string>;
}

export function printKernels(bundle: Bundle, style: KernelStyle, names: Names): KernelFunctions {
  const texts: string[] = [];
  const nameOf = new Map<Kernel, string>();
  const nameOfText = new Map<string, string>();
  for (const [kernel, aliased] of kernelsOf(bundle)) {
    const rest = signatureAndBody(kernel, aliased, style);
    const name = nameOfText.get(rest) ?? names.fresh(kernel.name);
    nameOf.set(kernel, name);
    if (nameOfText.has(rest)) continue;
    nameOfText.set(rest, name);
    texts.push(`// ${describeKernel(kernel)}\n${style.head(kernel)} ${name}${rest}`);
  }
  return { texts, nameOf };
}

/** Every kernel, in order of first use, and which of its parameters some launch makes overlap another one that is written. */
function kernelsOf(bundle: Bundle): Map<Kernel, ReadonlySet<number>> {
  const kernels = new Map<Kernel, Set<number>>();
  for (const { kernel, args } of bundle.programs.flatMap(({ steps }) => launchesOf(steps))) {
    const aliased = kernels.get(kernel) ?? new Set<number>();
    kernels.set(kernel, aliased);
    args.forEach((a, i) => {
      args.slice(0, i).forEach((b, j) => {
        const written = kernel.params[i].access !== "read" || kernel.params[j].access !== "read";
        if (written && mayOverlap(a.slot, b.slot)) aliased.add(i).add(j);
      });
    });
  }
  return kernels;
}

/** False where two slots certainly share no byte. */
export function mayOverlap(a: Slot, b: Slot): boolean {
  if (a.region.kind !== b.region.kind) return false;
  if ("index" in a.region && "index" in b.region && a.region.index !== b.region.index) return false;
  return !endsBefore(a, b) && !endsBefore(b, a);
}

function endsBefore(a: Slot, b: Slot): boolean {
  const end = addDims(a.offset, mulDims(byteWidth(a.dtype), a.size));
  return isNatural(subDims(b.offset, end));
}

/** Certainly at least zero, whatever the sizes: no coefficient is negative. */
export const isNatural = (dim: Dim): boolean =>
  typeof dim === "number" ? dim >= 0 : dim.terms.every((term) => term.coefficient >= 0);

function signatureAndBody(
  kernel: Kernel,
  aliased: ReadonlySet<number>,
  { dialect, target }: KernelStyle,
): string {
  for (const { buffer } of kernel.params) refuseHalf(target, buffer.dtype, kernel.name);
  const { params, dims, body } = printKernel(kernel, dialect);
  const words = new Set(body.match(/\w+/g));
  const declare = (type: string, name: string): string =>
    `${words.has(name) ? "" : "[[maybe_unused]] "}${type} ${name}`;
  const parameters = [
    ...kernel.params.map(({ buffer, access }, at) => {
      const pointer = `${access === "read" ? "const " : ""}${memoryType(buffer.dtype)}*`;
      return declare(aliased.has(at) ? pointer : `${pointer} __restrict`, params[at]);
    }),
    ...dims.map((name) => declare("int", name)),
  ];
  return `(${parameters.join(", ")}) {\n${body}\n}`;
}

/** `relu: x f32[n * 128] -> y f32[n * 128]` */
function describeKernel({ name, params }: Kernel): string {
  const list = (written: boolean): string =>
    params
      .filter(({ access }) => (access !== "read") === written)
      .map(({ buffer }) => `${buffer.name} ${buffer.dtype}[${buffer.shape.map(printDim).join(", ")}]`)
      .join(", ");
  return commentText(`${name}: ${list(false)} -> ${list(true)}`);
}
