/**
 * The C++ target: a bundle as a folder of C++17 that needs only the standard library, g++ or clang. C interface in `model.h`, a class
 * over it in `model.hpp`, everything else in `model.cpp`.
 *
 * Vectors have 8 lanes through the vector extensions; a register tile of 6x16 leaves four of AVX2's 16 registers for operands.
 */
import type { Bundle } from "../../ir/program.ts";
import { withMultiplyAdds } from "../multiply-add.ts";
import type { EmittedFile, Target } from "../target.ts";
import { modelClass, modelHeader } from "./header.ts";
import { type Interface, interfaceOf, weightsBytesOf } from "./interface.ts";
import { cmakeText, demoText } from "./project.ts";
import { modelSource } from "./source.ts";
import { LANES } from "./vectors.ts";

/** Code that a C++ or CUDA compiler builds, and what it will export. */
export interface NativeCode {
  readonly api: Interface;
  /** `model.h`, `model.hpp`, the source, `weights.bin`, `CMakeLists.txt`, a demo. */
  readonly files: readonly EmittedFile[];
}
export type CppCode = NativeCode;

export interface CppOptions {
  /** Only code that gives the same bits on every machine: nothing is multiplied and added in one rounding. */
  readonly strict?: boolean;
  /** Lets several threads run a call; the source then includes `keratin.h`, which the folder must hold (`runtime/native/`). */
  readonly threads?: boolean;
}

export const cpp: Target<CppCode> & { emit(bundle: Bundle, options?: CppOptions): CppCode } = {
  name: "cpp",
  limits: { lanes: LANES, accumulators: 12, chunkBytes: 1 << 19 },
  emit: (given: Bundle, { strict = false, threads = false }: CppOptions = {}): CppCode => {
    const bundle = strict ? given : withMultiplyAdds(given);
    const api = interfaceOf(bundle, threads);
    const header = modelHeader(api, bundle, { device: false });
    const files: EmittedFile[] = [
      { path: "model.h", contents: header },
      { path: "model.hpp", contents: modelClass(api) },
      { path: "model.cpp", contents: modelSource(bundle, api) },
      { path: "weights.bin", contents: weightsBytesOf(bundle) },
      { path: "CMakeLists.txt", contents: cmakeText(api) },
      { path: "main.cpp", contents: demoText(api) },
    ];
    return { api, files };
  },
};
