/**
 * How close the emitted register tile comes to the machine: GFLOP/s of a 256 x 256 x 256 product, arrays at constant addresses and at
 * pointers, beside a probe that multiplies and adds in registers alone. Times on a shared machine are noisy: the best of short
 * rounds is reported, probe and product taking turns.
 *
 *   node --import tsx test/bench/wasm-tile.ts
 */
import { add, constant, int, type Kernel, load, mul, type Stmt, store } from "../../ir/kernel.ts";
import { emitWasm } from "../../targets/wasm/emit.ts";
import {
  bundleOf,
  globalBuffer,
  input,
  kernelOf,
  launch,
  letOf,
  loopOf,
  matmulTile,
  output,
  programOf,
  register,
  slotOf,
  VECTOR,
} from "../support/wasm-kernels.ts";

const SIZE = 256;
const PROBE_ROUNDS = 2_000_000;

const CHAINS = 12;

/** Twelve independent chains x = x * f + f: enough to hide the latency of both, no memory, and no spills in V8. */
function probe(): Kernel {
  const out = globalBuffer("out", CHAINS * VECTOR);
  const accumulators = Array.from({ length: CHAINS }, (_, i) => register(`acc${i}`, VECTOR));
  const [factorLet, factor] = letOf("factor", load(out, [int(0)], VECTOR));
  const body: Stmt[] = [
    ...accumulators.map((buffer): Stmt => ({ kind: "alloc", buffer })),
    ...accumulators.map((buffer) => store(buffer, [], constant(0, "f32", VECTOR))),
    factorLet,
    loopOf("i", PROBE_ROUNDS, () =>
      accumulators.map((acc) => store(acc, [], add(mul(load(acc, []), factor), factor))),
    ),
    ...accumulators.map((acc, i) => store(out, [int(VECTOR * i)], load(acc, []))),
  ];
  return kernelOf("probe", [["readwrite", out]], body);
}

type Entry = (...pointers: number[]) => void;

const memories = { a: 0, b: 4 * SIZE * SIZE, c: 8 * SIZE * SIZE };
const product = matmulTile(SIZE, SIZE, SIZE);
const arena = (["a", "b", "c"] as const).map((name) =>
  slotOf(name, { kind: "arena" }, SIZE * SIZE, memories[name]),
);
const outside = [input(0, SIZE * SIZE), input(1, SIZE * SIZE), output(0, SIZE * SIZE)];
const arenaBytes = 12 * SIZE * SIZE;

async function entryOf(name: string, kernel: Kernel, slots: typeof arena, room: number): Promise<Entry> {
  const inputs = slots.filter(({ region }) => region.kind === "input");
  const outputs = slots.filter(({ region }) => region.kind === "output");
  const code = emitWasm(
    bundleOf([programOf(name, inputs, outputs, [launch(kernel, slots)], { arenaBytes: room })]),
  );
  const { instance } = await WebAssembly.instantiate(code.bytes as BufferSource & Uint8Array);
  const { [name]: run, memory } = instance.exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof run !== "function") throw new Error("no exports");
  memory.grow(64);
  // Untouched pages are all the same zeros in one physical page, which confuses the first-level cache.
  new Float32Array(memory.buffer).fill(0.25);
  console.log(`${name}: ${code.bytes.length} bytes`);
  const { arena: base } = code.layout;
  return () => void run(base, base + memories.b, base + memories.c);
}

function seconds(run: Entry): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

const entries = [
  {
    name: "probe (mul + add)",
    flops: PROBE_ROUNDS * CHAINS * 2 * VECTOR,
    run: await entryOf("probe", probe(), arena.slice(0, 1), arenaBytes),
  },
  {
    name: "4x8 tile, constant addresses",
    flops: 2 * SIZE ** 3,
    run: await entryOf("fixed", product, arena, arenaBytes),
  },
  { name: "4x8 tile, pointers", flops: 2 * SIZE ** 3, run: await entryOf("pointers", product, outside, 0) },
];
const best = entries.map(() => Infinity);
for (let round = 0; round < 150; round++) {
  entries.forEach(({ run }, i) => {
    best[i] = Math.min(best[i], seconds(run));
  });
}
entries.forEach(({ name, flops }, i) => {
  const rate = flops / best[i] / 1e9;
  const share = (100 * rate) / (entries[0].flops / best[0] / 1e9);
  console.log(`${name.padEnd(30)} ${rate.toFixed(1).padStart(6)} GFLOP/s  ${share.toFixed(0).padStart(4)} %`);
});
