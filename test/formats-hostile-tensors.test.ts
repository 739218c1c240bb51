/**
 * Hostile safetensors (case 57 of the list of bad inputs) and npy files, then the two campaigns.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { elementCount } from "../compiler/formats/array-bytes.ts";
import { readNpy, readNpz, writeNpy } from "../compiler/formats/npy.ts";
import { readSafetensors, writeSafetensors } from "../compiler/formats/safetensors.ts";
import { writeZip } from "../compiler/formats/zip.ts";
import { ndarray } from "../ir/ndarray.ts";
import { bitFlips, campaign, patched, refused, truncations } from "./support/hostile.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A safetensors file of any header and data; `length` is what it says of its header. */
function safetensors(header: string | Uint8Array, data = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = typeof header === "string" ? encode(header) : header;
  const size = new Uint8Array(BigUint64Array.of(length ?? BigInt(text.length)).buffer);
  return Uint8Array.from([...size, ...text, ...data]);
}

const entry = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const one = (dtype: string, shape: string, offsets: string, size: number): Uint8Array =>
  safetensors(`{"a":${entry(dtype, shape, offsets)}}`, new Uint8Array(size));

const bad: readonly (readonly [what: string, bytes: Uint8Array, pattern: RegExp])[] = [
  ["empty", new Uint8Array(0), /cut short/],
  ["7 bytes", new Uint8Array(7), /cut short/],
  ["header of 2^63", safetensors("{}", undefined, 2n ** 63n), /absurd/],
  ["header over the file", safetensors("{}", undefined, 100n), /cut short/],
  ["header over 100,000,000", safetensors("{}", undefined, 100_000_001n), /absurd header/],
  ["bad UTF-8", safetensors(Uint8Array.of(0x7b, 0xff, 0x7d)), /not UTF-8/],
  ["not JSON", safetensors("{a}"), /not JSON/],
  ["an array on top", safetensors("[]"), /not a safetensors header/],
  ["a leading space", safetensors(" {}"), /not a safetensors header/],
  ["duplicate keys", safetensors('{"a":1,"a":2}'), /same key twice/],
  [
    "overlap",
    safetensors(`{"a":${entry("U8", "[2]", "[0,2]")},"b":${entry("U8", "[2]", "[1,3]")}}`, new Uint8Array(3)),
    /overlap/,
  ],
  [
    "a hole",
    safetensors(`{"a":${entry("U8", "[1]", "[0,1]")},"b":${entry("U8", "[1]", "[2,3]")}}`, new Uint8Array(3)),
    /hole/,
  ],
  ["a trailing byte", one("U8", "[1]", "[0,1]", 2), /file size disagree.*no tensor names/],
  ["too short", one("U8", "[2]", "[0,2]", 1), /file size disagree.*cut short/],
  ["end before start", one("U8", "[1]", "[1,0]", 1), /disagree/],
  ["shape mismatch", one("F32", "[2]", "[0,4]", 4), /shape and data disagree/],
  ["a product that wraps to 16", one("U8", "[4194305,4194305,211106198978564]", "[0,16]", 16), /absurd/],
  ["a product over 2^53", one("F64", "[4503599627370496,2]", "[0,8]", 8), /absurd/],
  ["a negative axis", one("U8", "[-1]", "[0,1]", 1), /not a tensor description/],
  ["a negative offset", one("U8", "[1]", "[-1,0]", 1), /not a tensor description/],
  ["float offsets", one("U8", "[1]", "[0.0,1.5]", 1), /not a tensor description/],
  ["an axis of 2^53 + 1", one("U8", "[9007199254740993]", "[0,1]", 1), /not a tensor description/],
  ["an unknown dtype", one("F8_E4M3", "[1]", "[0,1]", 1), /dtype is not read.*F8_E4M3/],
  ["a dtype of another spelling", one("f32", "[1]", "[0,4]", 4), /dtype is not read/],
  ["a dtype that objects have", one("toString", "[1]", "[0,4]", 4), /dtype is not read/],
  [
    "spare fields",
    safetensors('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":1}}'),
    /not a tensor description/,
  ],
  ["no fields", safetensors('{"a":{}}'), /dtype is not read/],
  ["a tensor that is a number", safetensors('{"a":1}'), /dtype is not read/],
  ["three offsets", one("U8", "[0]", "[0,0,0]", 0), /not a tensor description/],
  ["65 axes", one("U8", `[${new Array(65).fill(1)}]`, "[0,1]", 1), /axes/],
  ["metadata that is no text", safetensors('{"__metadata__":{"a":1}}'), /metadata is not text/],
  ["metadata that is no object", safetensors('{"__metadata__":[]}'), /__metadata__/],
  ["100,000 levels", safetensors(`{"a":${"[".repeat(100_000)}`), /nested too deeply/],
];
for (const [what, bytes, pattern] of bad) {
  test(`safetensors: ${what}`, async () => {
    const error = await refused(() => readSafetensors(bytes, "x.safetensors"), pattern);
    assert.match(error.message, /^x.safetensors/);
  });
}

test("safetensors: what the reference accepts, safely", () => {
  const shapes = safetensors(
    `{"zero":${entry("F32", "[0,5]", "[0,0]")},"scalar":${entry("F32", "[]", "[0,4]")},"__proto__":${entry("U8", "[2]", "[4,6]")}}`,
    Uint8Array.of(0, 0, 128, 63, 7, 8),
  );
  const { tensors } = readSafetensors(shapes);
  assert.equal(tensors.get("scalar")?.data, Float32Array.of(1));
  assert.equal(tensors.get("__proto__")?.data, Uint8Array.of(7, 8));
  assert.equal(tensors.get("zero")?.shape, [0, 5]);
  const empties = Array.from({ length: 200_000 }, (_, i) => `"t${i}":${entry("F32", "[0]", "[0,0]")}`);
  const header = encode(`{${empties.join(",")}}`);
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  const start = performance.now();
  assert.is(readSafetensors(bytes).tensors.size, 200_000);
  assert.ok(performance.now() - start < 5_000);
});

test("shapes are multiplied exactly or refused", async () => {
  assert.is(elementCount([2 ** 40, 2 ** 40, 0], "x"), 0);
  assert.is(elementCount([2 ** 26, 2 ** 26], "x"), 2 ** 52);
  for (const shape of [
    [2 ** 27, 2 ** 27],
    [3, 2 ** 52],
    [2 ** 31, 2 ** 31, 2 ** 31],
    [1e308],
    [0.5],
    [-1],
    [Number.NaN],
  ]) {
    await refused(() => elementCount(shape, "x"), /^x: (the shape is absurd|not a shape)/);
  }
});

// ---- npy ----

function npy(header: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const length = new Uint8Array(
    version === 1 ? Uint16Array.of(header.length).buffer : Uint32Array.of(header.length).buffer,
  );
  return Uint8Array.from([0x93, ...encode("NUMPY"), version, 0, ...length, ...encode(header), ...data]);
}

const header = (descr: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

const badNpy: readonly (readonly [what: string, bytes: Uint8Array, pattern: RegExp])[] = [
  ["empty", new Uint8Array(0), /not a .npy file/],
  ["version 9", npy(header("'<f4'", "()"), new Uint8Array(4), 9), /unknown .npy version/],
  ["objects", npy(header("'|O'", "(1,)"), encode("cos\nsystem\n")), /Python objects/],
  ["objects with a size", npy(header("'|O8'", "(1,)"), new Uint8Array(8)), /Python objects/],
  ["big-endian", npy(header("'>f4'", "(1,)"), new Uint8Array(4)), /not little-endian.*newbyteorder/],
  ["no byte order", npy(header("'|f4'", "(1,)"), new Uint8Array(4)), /not little-endian/],
  ["complex", npy(header("'<c8'", "(1,)"), new Uint8Array(8)), /dtype is not read/],
  ["texts", npy(header("'<U3'", "(1,)"), new Uint8Array(12)), /dtype is not read/],
  ["structured", npy(header("[('a', '<f4')]", "(1,)"), new Uint8Array(4)), /unknown .npy header/],
  ["code", npy(header("__import__('os').system('x')", "()")), /unknown .npy header/],
  ["a negative axis", npy(header("'<f4'", "(-1,)"), new Uint8Array(4)), /unknown .npy header/],
  ["an axis with a space", npy(header("'|u1'", "(1 2,)"), new Uint8Array(12)), /not a shape/],
  ["absurd axes", npy(header("'<f4'", "(4611686018427387904, 4)"), new Uint8Array(4)), /not a shape|absurd/],
  ["a product that overflows", npy(header("'<f4'", "(4294967296, 4294967296)"), new Uint8Array(4)), /absurd/],
  ["too little data", npy(header("'<f4'", "(2,)"), new Uint8Array(7)), /disagree/],
  ["too much data", npy(header("'<f4'", "(2,)"), new Uint8Array(9)), /disagree/],
  [
    "a header of 4 GiB",
    patched(npy(header("'<f4'", "()"), new Uint8Array(4), 2), 8, [255, 255, 255, 255]),
    /absurd header/,
  ],
  ["not UTF-8", patched(npy(header("'<f4'", "()"), new Uint8Array(4)), 12, [255]), /not UTF-8/],
  ["bfloat16", npy(header("'<V2'", "(1,)"), new Uint8Array(2)), /dtype is not read/],
];
for (const [what, bytes, pattern] of badNpy) {
  test(`npy: ${what}`, async () => {
    const error = await refused(() => readNpy(bytes, "x.npy"), pattern);
    assert.match(error.message, /^x.npy/);
  });
}

test("npz: what is no array, and a damaged one", async () => {
  await refused(() => readNpz(writeZip(new Map([["a.txt", encode("x")]]))), /a.txt: not an array/);
  await refused(
    () => readNpz(writeZip(new Map([["a.npy", encode("x")]])), { file: "x.npz" }),
    /^x.npz, member a.npy/,
  );
  await refused(() => writeNpy(ndarray("bf16", [1], Uint16Array.of(0))), /no such dtype/);
});

// ---- campaigns ----

const array = ndarray("f32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));

test("npy cut off before every byte, and any bit flipped", async () => {
  const bytes = writeNpy(array);
  assert.equal(await campaign(truncations(bytes), readNpy), { accepted: 0, refused: bytes.length });
  const counts = await campaign(bitFlips(bytes), readNpy);
  assert.is(counts.accepted + counts.refused, 8 * bytes.length);
});

test("safetensors cut off before every byte, and any bit flipped", async () => {
  const bytes = writeSafetensors(
    new Map([
      ["layer/kernel", array],
      ["b", ndarray("u8", [3], new Uint8Array(3))],
    ]),
    new Map([["format", "np"]]),
  );
  assert.equal(await campaign(truncations(bytes), readSafetensors), { accepted: 0, refused: bytes.length });
  const counts = await campaign(bitFlips(bytes), readSafetensors);
  assert.is(counts.accepted + counts.refused, 8 * bytes.length);
});

test.run();
