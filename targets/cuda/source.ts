/** `model.cu` from top to bottom: helpers, kernels, one function of steps per program, and the C functions. */
import { isStatic } from "../../ir/dim.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { type Bundle, isDecidedByData } from "../../ir/program.ts";
import { scalarSnippets, snippetsFor } from "../clike/c-support.ts";
import { launchShape } from "../clike/launch.ts";
import { Names } from "../clike/names.ts";
import { printExtent } from "../clike.ts";
import { stateText } from "../cpp/host.ts";
import { basicsText, writeFileText } from "../cpp/host-common.ts";
import { describeEntry, hostNames, type Interface, parameterNames, weightsFileOf } from "../cpp/interface.ts";
import { type KernelStyle, printKernels } from "../cpp/kernels.ts";
import { printSteps, type StepSpelling } from "../cpp/steps.ts";
import { cudaDialect } from "./dialect.ts";
import {
  arenaText,
  entryFunctions,
  graphText,
  instanceText,
  memoryText,
  stageText,
  stepsFunction,
  testText,
} from "./host.ts";
import { exportText, fillText, lifecycleText, weightsText } from "./lifecycle.ts";

const style: KernelStyle = {
  dialect: cudaDialect,
  head: (kernel) => `__global__ __launch_bounds__(${threadsOf(kernel)}) void`,
};
const threadsOf = (kernel: Kernel): number => launchShape(kernel).threads.reduce((a, b) => a * b);

const SPECIFIERS = "__host__ __device__ inline";
const cudaNames = ["launch", "capture", "run", "stage", "fill", "is_true", "device_error", "reserve_arena", "forget_graphs", "capturing",
  "steps", "call", "bytes", "staged", "status", "error"]; // biome-ignore format: a list

export function modelSource(bundle: Bundle, api: Interface): string {
  const reserved = [...cudaDialect.reserved, ...hostNames, ...cudaNames];
  const names = new Names(new Set([...reserved, ...parameterNames(api)]));
  const { texts: kernels, nameOf } = printKernels(bundle, style, names);
  const spelling = stepSpelling(nameOf);
  const stepNames = api.entries.map(({ method }) => names.fresh(`${method}_steps`));
  const taken = new Set([...reserved, ...nameOf.values(), ...stepNames]);
  const steps = api.entries.map((entry, at) =>
    stepsFunction(api, entry, stepNames[at], printSteps(entry, spelling, taken)),
  );
  const arenaBytes = bundle.programs.map((program) => program.arenaBytes).filter(isStatic);
  return `${[
    banner(api),
    includes,
    instanceText(api),
    `namespace keratin::${api.prefix} {\nnamespace {`,
    basicsText(weightsFileOf(bundle), Math.max(0, ...arenaBytes)),
    ...(api.hasState ? [writeFileText] : []),
    memoryText(api),
    ...(arenaBytes.length < bundle.programs.length ? [arenaText(api)] : []),
    fillText(api),
    stageText(api),
    graphText(api),
    ...(bundle.programs.some(({ steps }) => isDecidedByData(steps)) ? [testText] : []),
    snippetsFor([...kernels, ...steps].join("\n"), scalarSnippets, SPECIFIERS),
    ...kernels,
    ...steps,
    "}  // namespace",
    'extern "C" {',
    ...api.entries.flatMap((entry, at) => entryFunctions(api, entry, at, stepNames[at])),
    lifecycleText(api),
    weightsText(api),
    ...(api.hasState ? [stateText(api), exportText(api)] : []),
    `}  // extern "C"\n}  // namespace keratin::${api.prefix}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function stepSpelling(nameOf: ReadonlyMap<Kernel, string>): StepSpelling {
  return {
    launch: (kernel, args, dims) => {
      const { groups, threads } = launchShape(kernel);
      const textOf = new Map(kernel.dims.map((dim, at) => [dim.var, dims[at]]));
      const extents = groups.map(
        (extent) => printExtent(kernel, extent, cudaDialect, (size) => textOf.get(size) ?? "").text,
      );
      const list = [
        nameOf.get(kernel),
        `dim3(${trimmed(extents)})`,
        `dim3(${trimmed(threads.map(String))})`,
        "stream",
        ...args,
        ...dims,
      ];
      return `launch(${list.join(", ")});`;
    },
    clear: (pointer, bytes) => `cudaMemsetAsync(${pointer}, 0, ${bytes}, stream);`,
    copy: (to, from, bytes) => `cudaMemcpyAsync(${to}, ${from}, ${bytes}, cudaMemcpyDeviceToDevice, stream);`,
    test: (pointer) => `is_true(${pointer}, stream)`,
  };
}

/** Extents without the ones at the end, which dim3 fills in. */
function trimmed([x, y, z]: readonly string[]): string {
  if (z !== "1") return `${x}, ${y}, ${z}`;
  return y === "1" ? x : `${x}, ${y}`;
}

const banner = ({ prefix, entries }: Interface): string => `// ${prefix}, compiled by keratin. Do not edit.
//
${entries.map((entry) => `//   ${describeEntry(entry)}`).join("\n")}
//
// CUDA 12 or later, C++17. Build with -O3 -fmad=false: where products are to be fused with sums, the kernels say so.`;

const includes = `#include "model.h"

#include <cuda_runtime.h>

#include <limits>
#include <new>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <type_traits>`;
