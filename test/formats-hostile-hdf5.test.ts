/**
 * Hostile HDF5: cases 20 to 32 of the list of bad inputs, on files made by h5py (`goldens/hdf5/make.py`), by patching
 * bytes, and by hand; then the two campaigns. Always a ModelError or a result, soon, in bounded memory.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ByteWriter } from "../compiler/formats/byte-writer.ts";
import { lookup3 } from "../compiler/formats/checksum.ts";
import { writeHdf5 } from "../compiler/formats/hdf5/write.ts";
import { readHdf5 } from "../compiler/formats/hdf5.ts";
import { readWeights, writeWeights } from "../compiler/formats/keras-archive.ts";
import { ndarray } from "../ir/ndarray.ts";
import { goldenBytes } from "./support/goldens.ts";
import { bitFlips, campaign, find, patched, refused, truncations } from "./support/hostile.ts";

const fixture = (name: string): Uint8Array => goldenBytes(`hdf5/${name}.h5`);
const old = goldenBytes("models/compiled_mlp/model.weights.h5");
const ones = new Array<number>(8).fill(255);

// ---- cases 20 to 24, and what is no list of numbers ----

const refusals: readonly (readonly [file: string, pattern: RegExp])[] = [
  ["external-link", /external link "0".*Refused as unsafe/],
  ["soft-link", /soft link "0".*Refused as unsafe/],
  ["external-storage", /vars\/0 lies in other files/],
  ["virtual", /virtual dataset.*Refused as unsafe/],
  ["cycle", /linked twice/],
  ["bomb-chunked", /axis length is absurd/],
  ["bomb-contiguous", /too large for the file/],
  ["bomb-chunk", /too large for the file/],
  ["big-endian", /big-endian.*Save them as <f4/],
  ["texts", /vars\/0 is not read.*heap-text/],
  ["compound", /not read.*compound/],
  ["lzf", /filter is not undone.*32000/],
  ["dense", /dense storage.*Save it again without libver/],
];
for (const [file, pattern] of refusals) {
  test(`${file}.h5 is refused`, async () => {
    const before = process.memoryUsage().arrayBuffers;
    const error = await refused(() => readHdf5(fixture(file), { file: "x.h5" }), pattern);
    assert.match(error.message, /^x.h5, (byte \d+|dataset|a chunk)/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24, "no big allocation");
  });
}

test("more elements than bytes, with sizes that multiply past 2^53", async () => {
  const bytes = fixture("types");
  // The axes 2, 3 of any dataset of types.h5, little-endian 64-bit.
  const at = find(bytes, "\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0");
  for (const axes of [[0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 16, 0], ones]) {
    await refused(() => readHdf5(patched(bytes, at, [...axes, ...axes])), /absurd|too large|disagree/);
  }
});

test("thousands of datasets that all claim the same bytes", async () => {
  const full = { array: ndarray("u8", [60_000], new Uint8Array(60_000)), attributes: new Map() };
  const empty = { array: ndarray("u8", [0], new Uint8Array(0)), attributes: new Map() };
  const names = Array.from({ length: 3_000 }, (_, i) => [`vars/${i}`, i === 0 ? full : empty] as const);
  const bytes = writeHdf5({ groups: new Map(), datasets: new Map(names) });
  // Give every empty dataset the header of the full one: its shape, its address, its checksum.
  const first = find(bytes, "OHDR");
  const header = bytes.slice(first, first + headerLength(bytes, first));
  for (let i = 1, at = first; i < names.length; i++) {
    at = find(bytes, "OHDR", at + header.length);
    assert.is(headerLength(bytes, at), header.length);
    bytes.set(header, at);
  }
  await refused(() => readHdf5(bytes), /too large for the file/);
});

/** Bytes of a version 2 object header without continuation, as our writer makes them. */
const headerLength = (bytes: Uint8Array, at: number): number =>
  10 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 6, true) + 4;

// ---- cases 25 and 26: cycles and pointers ----

test("B-trees and heaps that point at themselves or nowhere", async () => {
  const tree = find(old, "TREE");
  const own = [...new Uint8Array(BigUint64Array.of(BigInt(tree)).buffer)];
  await refused(() => readHdf5(patched(old, tree + 32, own)), /SNOD/);
  const level = patched(patched(old, tree + 32, own), tree + 5, [1]);
  await refused(() => readHdf5(level), /B-tree is damaged/);
  await refused(() => readHdf5(patched(old, tree + 5, [255])), /B-tree is damaged/);
  await refused(() => readHdf5(patched(old, tree + 6, [255, 255])), /cut short|damaged|SNOD/);
  const heap = find(old, "HEAP");
  await refused(() => readHdf5(patched(old, heap + 24, ones)), /absurd/);
  await refused(() => readHdf5(patched(old, heap + 24, [0, 0, 0, 0, 1, 0, 0, 0])), /cut short/);
  await refused(() => readHdf5(patched(old, heap + 8, ones)), /absurd/);
  // A heap whose names are the heap itself is harmless, and gives names that are no paths.
  await refused(() => readHdf5(patched(old, heap + 24, [heap & 255, heap >> 8, 0, 0, 0, 0, 0, 0])), /./);
  await refused(() => readHdf5(patched(old, find(old, "SNOD") + 8, ones)), /absurd|outside/);
});

test("a name with a slash, a dot, or nothing", async () => {
  const at = find(old, "layers\0", find(old, "HEAP"));
  for (const name of ["../../x", "a/b/c/d", "..\0", ".\0", "\0"]) {
    await refused(() => readHdf5(patched(old, at, [...Buffer.from(name)])), /unsafe name/);
  }
  await refused(() => readHdf5(patched(old, at, [0xff, 0xfe])), /not UTF-8/);
  for (const path of ["a//b", "/a", "a/..", "a/."]) {
    await refused(
      () => writeHdf5({ groups: new Map([[path, new Map()]]), datasets: new Map() }),
      /not a path/,
    );
  }
});

// ---- cases 27 and 28: chunks and filters ----

test("chunks of no elements, other chunks than declared, chunks that are not there", async () => {
  const bytes = fixture("chunked");
  const layout = layoutOf(bytes, [2, 3]);
  await refused(() => readHdf5(patched(bytes, layout, [0])), /absurd chunks/);
  await refused(() => readHdf5(patched(bytes, layout, [255, 255, 255, 255])), /too large|misplaced|damaged/);
  await refused(() => readHdf5(patched(bytes, layout, [3])), /misplaced|damaged|shorter/);
  await refused(() => readHdf5(patched(bytes, layout - 8, ones)), /never stored|absurd/);
});

/** Where the chunk shape of the first chunked layout message stands, its last number the element size 4. */
const layoutOf = (bytes: Uint8Array, chunk: readonly number[]): number =>
  find(bytes, [...chunk, 4].map((dim) => String.fromCharCode(dim, 0, 0, 0)).join(""));

test("filters: thirty-two, unknown, twice", async () => {
  const bytes = fixture("chunked");
  // Version 1, three filters, six reserved bytes; then shuffle (2), its name of 8 bytes.
  const at = find(bytes, "\x01\x03\0\0\0\0\0\0\x02\0\x08\0");
  await refused(() => readHdf5(patched(bytes, at + 1, [32])), /filter is not undone|damaged|cut short/);
  await refused(() => readHdf5(patched(bytes, at + 8, [0, 125])), /filter is not undone.*32000/);
  await refused(() => readHdf5(patched(bytes, at + 8, [4])), /filter is not undone.*got 4/);
  await refused(() => readHdf5(patched(bytes, at + 8, [1])), /deflate twice/);
});

test("chunks whose bytes are damaged", async () => {
  const bytes = fixture("chunked");
  // A zlib stream at level 4 begins with 0x78 0x5e; its Adler-32 and the Fletcher-32 inside guard it.
  for (let at = find(bytes, "\x78\x5e"), n = 0; n < 12; n++) {
    await refused(() => readHdf5(patched(bytes, at + n, [bytes[at + n] ^ 0x10])), /./);
  }
});

// ---- cases 29 to 31: headers and texts ----

/** A file whose root header continues in a block that continues in itself. */
function continuingFile(lengthOf: number): Uint8Array {
  const out = new ByteWriter().u8(0x89).text("HDF\r\n\x1a\n").u8(2).u8(8).u8(8).u8(0);
  const [root, block] = [48, 48 + 10 + 20 + 4];
  const end = block + 4 + 20 + 4;
  out.u64(0).u64(undefined).u64(end).u64(root);
  out.u32(lookup3(out.since(0)));
  const continuation = () => out.u8(0x10).u16(16).u8(0).u64(block).u64(lengthOf);
  out.text("OHDR").u8(2).u8(2).u32(20);
  continuation().u32(lookup3(out.since(root)));
  out.text("OCHK");
  continuation().u32(lookup3(out.since(block)));
  return out.finish();
}

test("object headers that continue in themselves, or too shortly", async () => {
  await refused(() => readHdf5(continuingFile(28)), /continues in itself/);
  for (const length of [0, 7, 8, 2 ** 40]) await refused(() => readHdf5(continuingFile(length)), /./);
});

test("texts of 4 GiB, in no heap, in a heap that has no end", async () => {
  const heap = find(old, "GCOL");
  // A reference to the heap: the length of a text ("adam"), the heap's address, an index.
  const address = [...new Uint8Array(BigUint64Array.of(BigInt(heap)).buffer)];
  const reference = find(old, String.fromCharCode(4, 0, 0, 0, ...address));
  await refused(() => readHdf5(patched(old, reference, [255, 255, 255, 255])), /not in its heap/);
  await refused(() => readHdf5(patched(old, reference + 12, [99, 0])), /not in its heap/);
  await refused(() => readHdf5(patched(old, reference + 4, ones)), /absurd|GCOL/);
  await refused(() => readHdf5(patched(old, heap + 8, ones)), /absurd/);
  await refused(() => readHdf5(patched(old, heap + 8, [0, 0, 0, 0, 0, 1, 0, 0])), /cut short/);
  await refused(
    () => readHdf5(patched(old, heap + 24, [255, 255, 255, 255, 0, 0, 0, 0])),
    /cut short|damaged/,
  );
});

test("superblocks of other sizes, versions and places", async () => {
  for (const size of [0, 1, 2, 4, 16, 255])
    await refused(() => readHdf5(patched(old, 13, [size])), /this size/);
  await refused(() => readHdf5(patched(old, 14, [4])), /this size/);
  await refused(() => readHdf5(patched(old, 8, [4])), /unknown superblock/);
  const newer = await writeWeights(await readWeights(old));
  await refused(() => readHdf5(patched(newer, 9, [4])), /this size/);
  await refused(() => readHdf5(patched(newer, 12, [8])), /user block|checksum/);
  await refused(() => readHdf5(patched(newer, 36, [8])), /checksum/);
  await refused(() => readHdf5(patched(old, 24, [0, 2])), /user block/);
  for (const [address, pattern] of [
    [ones, /absurd/],
    [[8, 0, 0, 0, 0, 0, 0, 0], /./],
  ] as const) {
    await refused(() => readHdf5(patched(old, 24 + 40, address)), pattern);
  }
});

test("groups nested beyond reason, messages that do not fit", async () => {
  const deep = Array.from({ length: 150 }, () => "a").join("/");
  const bytes = writeHdf5({ groups: new Map([[deep, new Map()]]), datasets: new Map() });
  await refused(() => readHdf5(bytes), /nested too deeply/);
  const long = new Map([["x".repeat(70_000), new Map()]]);
  await refused(() => writeHdf5({ groups: long, datasets: new Map() }), /too large for HDF5/);
  const wide = { dtype: "f32", shape: [2], data: Float64Array.of(1, 2) } as const;
  await refused(
    () => writeWeights({ arrays: new Map([["vars/0", wide]]), names: new Map() }),
    /does not match its shape and dtype/,
  );
  await refused(
    () => writeWeights({ arrays: new Map([["kernel", wide]]), names: new Map() }),
    /path of a variable/,
  );
});

// ---- case 32 and the campaigns ----

/** Ours, 1 kB: with headers that are checked. */
const ours = writeHdf5({
  groups: new Map([["layers/dense/vars", new Map([["name", "dense"]])]]),
  datasets: new Map([
    ["layers/dense/vars/0", { array: ndarray("f32", [2, 3], new Float32Array(6)), attributes: new Map() }],
  ]),
});

test("cut off before every byte, always refused", async () => {
  for (const bytes of [fixture("small"), ours, fixture("chunked"), fixture("types")]) {
    assert.equal(await campaign(truncations(bytes), readHdf5), { accepted: 0, refused: bytes.length });
  }
});

test("any single bit of the first 4 kB flipped", async () => {
  const counts = await campaign(bitFlips(fixture("small")), readHdf5);
  assert.is(counts.accepted + counts.refused, 8 * Math.min(4096, fixture("small").length));
  const larger = [old, fixture("chunked"), fixture("types"), goldenBytes("models/mlp/model.h5")];
  for (const bytes of larger) await campaign(bitFlips(bytes, 8), readHdf5);
});

test("every header bit of a file of ours is guarded", async () => {
  const expected = readHdf5(ours);
  const counts = await campaign(bitFlips(ours), (bytes) => {
    const { groups, datasets } = readHdf5(bytes);
    // The data themselves and the name in the heap have no checksum here; in a .keras file the zip has one.
    assert.equal([...groups.keys()], [...expected.groups.keys()]);
    const [array, intact] = [datasets, expected.datasets].map((map) => map.get("layers/dense/vars/0")?.array);
    assert.equal([array?.dtype, array?.shape], [intact?.dtype, intact?.shape]);
  });
  assert.ok(counts.refused > 0);
});

test.run();
