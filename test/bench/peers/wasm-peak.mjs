/**
 * GFLOP/s of independent chains x = x * f + f in wasm: `plain` multiplies and adds, `relaxed` uses relaxed_madd. How many chains an engine keeps in
 * registers, and where it aligns the loop, is its affair: the best of several numbers counts.
 */

const CHAINS = [10, 11, 12, 13];
const ROUNDS = 1_000_000;
/** Locals: 0 is what is left of the rounds, 1 the factor, then the chains. */
const FACTOR = 1;
const V128 = 0x7b;
const F32 = 0x7d;
const I32 = 0x7f;

const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]);
const section = (id, bytes) => [id, ...unsigned(bytes.length), ...bytes];
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const simd = (op) => [0xfd, ...unsigned(op)];
const f32 = (value) => [0x43, ...new Uint8Array(new Float32Array([value]).buffer)];
const splat = simd(0x13);

const madd = {
  plain: (x) => [...get(x), ...get(FACTOR), ...simd(0xe6), ...get(FACTOR), ...simd(0xe4)],
  relaxed: (x) => [...get(x), ...get(FACTOR), ...get(FACTOR), ...simd(0x105)],
};

function moduleOf(flavour, count) {
  const chains = Array.from({ length: count }, (_, i) => FACTOR + 1 + i);
  const sum = chains.slice(1).flatMap((x) => [...get(x), ...simd(0xe4)]);
  const code = [
    ...[1, 1 + count, V128],
    ...[...f32(0.5), ...splat, ...set(FACTOR)],
    ...chains.flatMap((x) => [...f32(x), ...splat, ...set(x)]),
    ...[0x03, 0x40],
    ...chains.flatMap((x) => [...madd[flavour](x), ...set(x)]),
    ...[...get(0), 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b],
    ...[...get(chains[0]), ...sum, ...simd(0x1f), 0, 0x0b],
  ];
  const body = [...unsigned(code.length), ...code];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, F32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...body]),
  ]);
}

async function speed(flavour, count) {
  const { instance } = await WebAssembly.instantiate(moduleOf(flavour, count));
  const { f } = instance.exports;
  for (let i = 0; i < 1000; i++) f(100); // the engine optimises what is called often
  let best = Infinity;
  for (let run = 0; run < 20; run++) {
    const start = performance.now();
    f(ROUNDS);
    best = Math.min(best, performance.now() - start);
  }
  return (ROUNDS * count * 8) / best / 1e6;
}

let best = 0;
for (const count of CHAINS) best = Math.max(best, await speed(process.argv[2], count));
console.log(best.toFixed(2));
