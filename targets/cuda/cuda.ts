/**
 * The CUDA target: a bundle as a folder that nvcc 12 or later builds, with the C interface of the C++ target, on host pointers and on
 * device pointers. Every thread computes scalars; vectors are not spelled.
 */
import type { Bundle } from "../../ir/program.ts";
import type { NativeCode } from "../cpp/cpp.ts";
import { modelClass, modelHeader } from "../cpp/header.ts";
import { interfaceOf, weightsBytesOf } from "../cpp/interface.ts";
import { demoText } from "../cpp/project.ts";
import type { EmittedFile, Target } from "../target.ts";
import { cmakeText } from "./project.ts";
import { modelSource } from "./source.ts";

export type CudaCode = NativeCode;

export const cuda: Target<CudaCode> = {
  name: "cuda",
  limits: {
    lanes: 1,
    accumulators: 32,
    chunkBytes: 1 << 30,
    grid: { threads: 256, groups: 2147483647, sharedBytes: 49152 },
  },
  emit: (bundle: Bundle): CudaCode => {
    const api = interfaceOf(bundle);
    const files: EmittedFile[] = [
      { path: "model.h", contents: modelHeader(api, bundle, { device: true }) },
      { path: "model.hpp", contents: modelClass(api) },
      { path: "model.cu", contents: modelSource(bundle, api) },
      { path: "weights.bin", contents: weightsBytesOf(bundle) },
      { path: "CMakeLists.txt", contents: cmakeText(api) },
      { path: "main.cpp", contents: demoText(api) },
    ];
    return { api, files };
  },
};
