/**
 * The list of all ops. Adding one: write its file, add it here.
 */
import type { OpDef, OpTable } from "../op.ts";
import { bitcast, cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { cond } from "./cond.ts";
import { contract } from "./contract.ts";
import { cumulate, cumulateMax, cumulateMin, recurrence } from "./cumulate.ts";
import { elementwiseOps } from "./elementwise.ts";
import { fused } from "./fused.ts";
import { gather } from "./gather.ts";
import { cholesky } from "./linalg/cholesky.ts";
import { eig } from "./linalg/eig.ts";
import { eigh } from "./linalg/eigh.ts";
import { lu } from "./linalg/lu.ts";
import { qr } from "./linalg/qr.ts";
import { svd } from "./linalg/svd.ts";
import { triangularSolve } from "./linalg/triangular.ts";
import { broadcast, copy, reshape, reverse, slice, stopGradient, transpose } from "./movement.ts";
import { pack, unpack } from "./pack.ts";
import { pad } from "./pad.ts";
import { reduceProd } from "./product.ts";
import { randomBits, randomKeys } from "./random.ts";
import { reduceMax, reduceMaxGrad, reduceSum } from "./reduce.ts";
import { scan } from "./scan.ts";
import { scatter, takeAlong } from "./scatter.ts";
import { searchSorted } from "./search.ts";
import { sort } from "./sort.ts";
import { constant, dim, iota } from "./sources.ts";
import { whileLoop } from "./while-loop.ts";

export const allOps: readonly OpDef[] = [
  constant, iota, dim,
  ...elementwiseOps, cast, bitcast,
  reshape, broadcast, transpose, slice, reverse, pad, pack, unpack, concat, gather, copy, stopGradient,
  reduceSum, reduceProd, reduceMax, reduceMaxGrad, contract,
  takeAlong, scatter, sort, searchSorted, cumulate, cumulateMax, cumulateMin, recurrence,
  cholesky, triangularSolve, lu, qr, eig, eigh, svd,
  randomBits, randomKeys,
  cond, whileLoop, scan, fused,
]; // biome-ignore format: by family

/** Ops by name: what a Builder takes. */
export const opTable: OpTable = new Map(allOps.map((def) => [def.name, def]));
