/** Wraps hand-made kernels in normal form into bundles, for tests of emitters: one launch per kernel, inputs and outputs by name. */
import { type Dim, symbol, symbolsOf } from "../../ir/dim.ts";
import type { DType } from "../../ir/dtype.ts";
import {
  add,
  type Buffer,
  type Expr,
  forLoop,
  int,
  type Kernel,
  load,
  makeBuffer,
  makeVar,
  mul,
  read,
  type Stmt,
  scalar,
  store,
  sub,
  type Var,
} from "../../ir/kernel.ts";
import type { Binding, Bundle, Port, Program, Slot, Step, Store } from "../../ir/program.ts";
import { verifyEmittable } from "../../ir/verify-kernel.ts";

export const noBytes: Store = { bytes: new Uint8Array(0), fields: [] };

export const global = (name: string, dtype: DType, size: Dim): Buffer =>
  makeBuffer(name, dtype, [size], "global");

/** A kernel that reads `inputs`, reads and writes `outputs`, and knows the size `n` where their shapes mention it. */
export function kernel(
  name: string,
  inputs: readonly Buffer[],
  outputs: readonly Buffer[],
  body: (n: Var) => readonly Stmt[],
): Kernel {
  const n = makeVar("n");
  return {
    name,
    params: [
      ...inputs.map((buffer) => ({ buffer, access: "read" as const })),
      ...outputs.map((buffer) => ({ buffer, access: "readwrite" as const })),
    ],
    dims: symbolsOf([...inputs, ...outputs].flatMap(({ shape }) => shape)).map((symbol) => ({
      symbol,
      var: n,
    })),
    body: body(n),
  };
}

export const bind = (slot: Slot, advance = 0): Binding => ({ slot, advance });
export const port = (name: string, dtype: DType, shape: readonly Dim[]): Port => ({ name, dtype, shape });

export const slot = (
  name: string,
  dtype: DType,
  size: Dim,
  region: Slot["region"],
  offset: Dim = 0,
): Slot => ({
  name,
  dtype,
  size,
  region,
  offset,
});

/** A program of one launch: the kernel's parameters are the inputs and outputs, in order. */
export function programOf(entry: string, code: Kernel): Program {
  verifyEmittable(code);
  const inputs: Port[] = [];
  const outputs: Port[] = [];
  const args = code.params.map(({ buffer, access }) => {
    const ports = access === "read" ? inputs : outputs;
    const region = { kind: access === "read" ? "input" : "output", index: ports.length } as const;
    ports.push({ name: buffer.name, dtype: buffer.dtype, shape: buffer.shape });
    return bind(slot(buffer.name, buffer.dtype, buffer.shape[0] ?? 1, region));
  });
  const launch: Step = {
    kind: "launch",
    kernel: code,
    args,
    dims: code.dims.map((dim) => symbol(dim.symbol)),
  };
  return {
    name: entry,
    symbols: code.dims.map((dim) => dim.symbol).sort(),
    inputs,
    outputs,
    arenaBytes: 0,
    steps: [launch],
  };
}

export const bundleOf = (name: string, ...programs: readonly Program[]): Bundle => ({
  name,
  programs,
  weights: noBytes,
  state: noBytes,
});

/** A kernel that applies `map` to every element of its inputs: `lanes` at a time, then the rest one by one. */
export function elementwise(
  name: string,
  dtypes: readonly DType[],
  result: DType,
  lanes: number,
  map: (args: readonly Expr[]) => Expr,
): Kernel {
  const n = symbol("n");
  const inputs = dtypes.map((dtype, at) => global("xyz"[at], dtype, n));
  const output = global("result", result, n);
  const at = (index: Expr, width: number): Stmt =>
    store(output, [index], map(inputs.map((input) => load(input, [index], width))));
  return kernel(name, inputs, [output], (size) => {
    const [block, rest] = [makeVar("i"), makeVar("i")];
    if (lanes === 1) return [forLoop(block, read(size), [at(read(block), 1)])];
    const blocks = scalar("floordiv", read(size), int(lanes));
    const tail = scalar("mod", read(size), int(lanes));
    return [
      forLoop(block, blocks, [at(mul(read(block), int(lanes)), lanes)]),
      forLoop(rest, tail, [at(add(sub(read(size), tail), read(rest)), 1)]),
    ];
  });
}
