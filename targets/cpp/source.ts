/** `model.cpp` from top to bottom: helpers, kernels, one function of steps per program, and the C functions. */
import { isStatic } from "../../ir/dim.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Bundle } from "../../ir/program.ts";
import { snippetsFor } from "../clike/c-support.ts";
import { Names } from "../clike/names.ts";
import type { Sharing } from "../clike.ts";
import { shareWork } from "../threads/share-work.ts";
import { cppDialect } from "./dialect.ts";
import {
  entryFunction,
  exportText,
  instanceText,
  lifecycleText,
  memoryText,
  setThreadsText,
  stateText,
  stepsFunction,
  threadsText,
  weightsText,
} from "./host.ts";
import { basicsText, writeFileText } from "./host-common.ts";
import { describeEntry, hostNames, type Interface, parameterNames, weightsFileOf } from "./interface.ts";
import { type KernelStyle, printKernels } from "./kernels.ts";
import { printSteps, type StepSpelling } from "./steps.ts";
import { vectorSnippets } from "./vectors.ts";

/** Kernels are not inlined: each is compiled by itself, and a profiler shows it by name. */
const style: KernelStyle = { dialect: cppDialect, head: () => "[[gnu::noinline]] void" };

/** The same where threads share kernels. */
const threadedStyle: KernelStyle = {
  ...style,
  share(kernel, aliases) {
    const work = shareWork(kernel, aliases);
    const forHead: Sharing["forHead"] = (name, { text }) =>
      `for (int ${name} = thread.begin(${text}), ${name}_end = thread.end(${text}); ${name} < ${name}_end; ${name}++)`;
    const sharing = { forHead, isFirst: "thread.index == 0", meet: "thread.meet();" };
    return work && { sharing: { work, ...sharing }, parameter: "const Thread& thread" };
  },
};

const INLINE = "[[gnu::always_inline]] inline";

export function modelSource(bundle: Bundle, api: Interface): string {
  const names = new Names(new Set([...cppDialect.reserved, ...hostNames, ...parameterNames(api)]));
  const {
    texts: kernels,
    nameOf,
    shared,
  } = printKernels(bundle, api.hasThreads ? threadedStyle : style, names);
  const threadOf = (kernel: Kernel): readonly string[] => (shared.has(kernel) ? ["thread"] : []);
  const spelling: StepSpelling = {
    launch: (kernel, args, dims) =>
      `${nameOf.get(kernel)}(${[...args, ...dims, ...threadOf(kernel)].join(", ")});`,
    clear: (pointer, bytes) => `memset(${pointer}, 0, ${bytes});`,
    copy: (to, from, bytes, overlap) => `${overlap ? "memmove" : "memcpy"}(${to}, ${from}, ${bytes});`,
    test: (pointer) => `*${pointer}`,
    ...(api.hasThreads && {
      threads: {
        isShared: (kernel) => shared.has(kernel),
        meet: "thread.meet();",
        alone: (step) => `if (thread.index == 0) ${step}`,
      },
    }),
  };
  const stepNames = api.entries.map(({ method }) => names.fresh(`${method}_steps`));
  const taken = new Set([...cppDialect.reserved, ...hostNames, ...nameOf.values(), ...stepNames]);
  const steps = api.entries.map((entry, at) =>
    stepsFunction(api, entry, stepNames[at], printSteps(entry, spelling, taken)),
  );
  const arenaBytes = bundle.programs.map((program) => program.arenaBytes).filter(isStatic);
  return `${[
    banner(api),
    api.hasThreads ? includes.replace('"model.h"', '"model.h"\n#include "keratin.h"') : includes,
    instanceText(api),
    `namespace keratin::${api.prefix} {\nnamespace {`,
    basicsText(weightsFileOf(bundle), Math.max(0, ...arenaBytes)),
    ...(api.hasState ? [writeFileText] : []),
    memoryText(api),
    ...(api.hasThreads ? [threadsText(api)] : []),
    snippetsFor(kernels.join("\n"), vectorSnippets, INLINE),
    ...kernels,
    ...steps,
    "}  // namespace",
    'extern "C" {',
    ...api.entries.map((entry, at) => entryFunction(api, entry, stepNames[at])),
    lifecycleText(api),
    weightsText(api),
    ...(api.hasThreads ? [setThreadsText(api)] : []),
    ...(api.hasState ? [stateText(api), exportText(api)] : []),
    `}  // extern "C"\n}  // namespace keratin::${api.prefix}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

const banner = ({ prefix, entries }: Interface): string => `// ${prefix}, compiled by keratin. Do not edit.
//
${entries.map((entry) => `//   ${describeEntry(entry)}`).join("\n")}
//
// C++17 for g++ and clang. Build with -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math, and -march=native or -mavx2 -mfma.`;

const includes = `#include "model.h"

#include <limits>
#include <new>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <type_traits>

// Vectors wider than the machine's are lowered, and all functions that pass them are inlined: their ABI does not matter.
#pragma GCC diagnostic ignored "-Wpsabi"`;
