/**
 * The cpp and cuda backends: bundles are compiled by the machine's own compiler and called through koffi. Node only, and loaded only when
 * the first bundle is: this module itself needs nothing of Node.
 */
import type { Bundle } from "../../ir/program.ts";
import { cpp } from "../../targets/cpp/cpp.ts";
import { cuda } from "../../targets/cuda/cuda.ts";
import { schedulerFor } from "../../targets/schedule/scheduler.ts";
import type { Executable, Loader } from "./loader.ts";
import { NativeLoader } from "./native.ts";

export function nativeLoader(target: "cpp" | "cuda"): Loader {
  let loader: NativeLoader | undefined;
  return {
    name: target,
    scheduler: schedulerFor((target === "cpp" ? cpp : cuda).limits),
    isSynchronous: true,
    load(bundles: readonly Bundle[]): readonly Executable[] {
      loader ??= new NativeLoader({ target });
      return loader.load(bundles);
    },
  };
}
