/**
 * Kernels as functions. Each distinct kernel of a bundle is printed once, under its own name; equal texts (the repeated blocks of a
 * network) share one function. Pointers are `__restrict` exactly where no launch passes overlapping memory.
 */
import { printDim } from "../../ir/dim.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Bundle } from "../../ir/program.ts";
import { type Aliases, aliasesOf } from "../aliasing.ts";
import { memoryType } from "../clike/c-dialect.ts";
import { commentText } from "../clike/code.ts";
import type { Names } from "../clike/names.ts";
import { type Dialect, printKernel, type Sharing } from "../clike.ts";

export interface KernelStyle {
  readonly dialect: Dialect;
  /** What stands before the name: `void`, `__global__ void`, with attributes. */
  head(kernel: Kernel): string;
  /** For kernels that threads share: how, and the parameter that says which thread runs. */
  share?(
    kernel: Kernel,
    aliases: Aliases,
  ): { readonly sharing: Sharing; readonly parameter: string } | undefined;
}

export interface KernelFunctions {
  readonly texts: readonly string[];
  readonly nameOf: ReadonlyMap<Kernel, string>;
  /** Those that threads share. */
  readonly shared: ReadonlySet<Kernel>;
}

export function printKernels(bundle: Bundle, style: KernelStyle, names: Names): KernelFunctions {
  const texts: string[] = [];
  const nameOf = new Map<Kernel, string>();
  const nameOfText = new Map<string, string>();
  const shared = new Set<Kernel>();
  for (const [kernel, aliases] of aliasesOf(bundle)) {
    const share = style.share?.(kernel, aliases);
    if (share !== undefined) shared.add(kernel);
    const rest = signatureAndBody(kernel, aliases, style, share);
    const name = nameOfText.get(rest) ?? names.fresh(kernel.name);
    nameOf.set(kernel, name);
    if (nameOfText.has(rest)) continue;
    nameOfText.set(rest, name);
    texts.push(`// ${describeKernel(kernel)}\n${style.head(kernel)} ${name}${rest}`);
  }
  return { texts, nameOf, shared };
}

function signatureAndBody(
  kernel: Kernel,
  aliases: Aliases,
  { dialect }: KernelStyle,
  share: ReturnType<NonNullable<KernelStyle["share"]>>,
): string {
  const { params, dims, body } = printKernel(kernel, dialect, [], share?.sharing);
  const words = new Set(body.match(/\w+/g));
  const declare = (type: string, name: string): string =>
    `${words.has(name) ? "" : "[[maybe_unused]] "}${type} ${name}`;
  const parameters = [
    ...kernel.params.map(({ buffer, access }, at) => {
      const pointer = `${access === "read" ? "const " : ""}${memoryType(buffer.dtype)}*`;
      const isAliased = kernel.params.some(
        (_, other) => other !== at && aliases.between(at, other) !== undefined,
      );
      return declare(isAliased ? pointer : `${pointer} __restrict`, params[at]);
    }),
    ...dims.map((name) => declare("int", name)),
    ...(share === undefined ? [] : [share.parameter]),
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
