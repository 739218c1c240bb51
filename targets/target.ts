/**
 * What a target is: limits that the shared schedules read, and an emitter that spells a bundle of programs.
 *
 * Kernels reach an emitter in normal form (`ir/verify.ts`, `verifyEmittable`):
 *  - every buffer has rank 0 or 1, every index is flat; `register` buffers have rank 0: they are mutable variables, scalars or vectors;
 *  - loops are `serial`, or `grid.*` and `thread.*` (outermost, perfectly nested, thread inside grid, thread extents constant);
 *    `unroll` and `vector` are gone: vectors are expressions with `lanes` equal to `limits.lanes`;
 *  - scalar operators are basic ones (`ir/expand.ts` did the rest); `let`s name what is used twice;
 *  - index expressions are sums of products of variables and constants (plus floordiv/mod by constants where nothing else would do).
 */
import type { Bundle } from "../ir/program.ts";

/** What the schedules need to know of a target. */
export interface Limits {
  /** f32 lanes of a vector: 4 in WASM, 8 with AVX2, 1 where vectors are not spelled (GPUs: each thread is a lane). */
  readonly lanes: number;
  /** Bytes of temporaries that one chunk of the batch may take: what stays in cache, or fits the device. */
  readonly chunkBytes: number;
  /** Vector registers a tile may fill with accumulators. */
  readonly accumulators: number;
  /** Absent on CPUs: one thread runs the whole kernel. */
  readonly grid?: {
    /** Threads of a workgroup. */
    readonly threads: number;
    /** Workgroups along one axis. */
    readonly groups: number;
    readonly sharedBytes: number;
  };
}

export interface EmittedFile {
  readonly path: string;
  readonly contents: string | Uint8Array;
}

export interface Target<Code> {
  readonly name: TargetName;
  readonly limits: Limits;
  /** Spells the bundle. Deterministic: the same bundle gives the same bytes. Throws Unsupported. */
  emit(bundle: Bundle): Code;
}

export type TargetName = "wasm" | "wgsl" | "cpp" | "cuda";
