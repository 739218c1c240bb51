/**
 * Hostile `.keras` archives: zip, JSON and what lies in them. Cases 4 to 12 of the list of bad inputs, then two campaigns
 * over a real file: cut off before every byte, and single bits flipped. Always a ModelError or a correct result.
 */
import { deflateSync, zipSync } from "fflate";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { crc32 } from "../compiler/formats/checksum.ts";
import { inflateRaw, inflateZlib } from "../compiler/formats/inflate.ts";
import { isJsonObject, parseJson } from "../compiler/formats/json.ts";
import { type KerasArchive, readKeras, writeKeras } from "../compiler/formats/keras-archive.ts";
import { openZip, writeZip } from "../compiler/formats/zip.ts";
import { ndarray } from "../ir/ndarray.ts";
import { goldenBytes } from "./support/goldens.ts";
import { bitFlips, campaign, patched, refused, truncations } from "./support/hostile.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const readAll = (bytes: Uint8Array) => [...openZip(bytes).values()].map((member) => member.read());

/** What a zip says of one member, twice; fields left out are true. */
interface Claim {
  readonly name: string;
  readonly data: Uint8Array;
  readonly localName?: string;
  readonly flags?: number;
  readonly localFlags?: number;
  readonly method?: number;
  readonly localMethod?: number;
  readonly size?: number;
  readonly localSize?: number;
  readonly compressed?: number;
  readonly crc?: number;
  readonly attributes?: number;
  readonly extra?: Uint8Array;
  /** Where the central entry says the local header is. */
  readonly headerAt?: number;
}

const little = (bytes: number, value: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);

/** A zip of lies. */
function lyingZip(claims: readonly Claim[], count = claims.length, comment = ""): Uint8Array {
  const out: number[] = [];
  const central: number[] = [];
  const shared = (claim: Claim, name: Uint8Array, flags: number, method: number, size: number) => [
    ...little(2, 20),
    ...little(2, flags),
    ...little(2, method),
    ...little(4, 0),
    ...little(4, claim.crc ?? crc32(claim.data)),
    ...little(4, claim.compressed ?? claim.data.length),
    ...little(4, size),
    ...little(2, name.length),
    ...little(2, claim.extra?.length ?? 0),
  ];
  for (const claim of claims) {
    const headerAt = claim.headerAt ?? out.length;
    const { flags = 0, method = 0, size = claim.data.length, extra = new Uint8Array(0) } = claim;
    const localName = encode(claim.localName ?? claim.name);
    const name = encode(claim.name);
    out.push(...encode("PK\x03\x04"));
    out.push(
      ...shared(
        claim,
        localName,
        claim.localFlags ?? flags,
        claim.localMethod ?? method,
        claim.localSize ?? size,
      ),
    );
    out.push(...localName, ...extra, ...claim.data);
    central.push(...encode("PK\x01\x02"), ...little(2, 20), ...shared(claim, name, flags, method, size));
    central.push(
      ...little(6, 0),
      ...little(4, claim.attributes ?? 0),
      ...little(4, headerAt),
      ...name,
      ...extra,
    );
  }
  const end = [...little(4, 0), ...little(2, count), ...little(2, count), ...little(4, central.length)];
  const tail = [...end, ...little(4, out.length), ...little(2, comment.length), ...encode(comment)];
  return Uint8Array.from([...out, ...central, ...encode("PK\x05\x06"), ...tail]);
}

const data = encode("hello, hello, hello, hello");

test("the lying zip can also tell the truth", () => {
  const honest = lyingZip(
    [
      { name: "a", data },
      { name: "b/c", data },
    ],
    2,
    "a comment",
  );
  assert.equal(readAll(honest), [data, data]);
});

// ---- case 5: paths ----

for (const name of [
  "../../x",
  "/etc/passwd",
  "a/../../b",
  "C:\\x",
  "c:x",
  "a\\b",
  "a\0b",
  "./a",
  "a//b",
  "",
  "a/..",
  "\u0007",
]) {
  test(`member path ${JSON.stringify(name)}`, async () => {
    await refused(() => openZip(lyingZip([{ name, data }])), /unsafe path/);
    await refused(() => writeZip(new Map([[name, data]])), /not a path/);
  });
}

test("a symbolic link, and a folder with content", async () => {
  await refused(
    () => openZip(lyingZip([{ name: "a", data, attributes: 0o120777 * 2 ** 16 }])),
    /symbolic link/,
  );
  await refused(() => openZip(lyingZip([{ name: "a/", data }])), /folder with content/);
  assert.is(openZip(lyingZip([{ name: "a/", data: new Uint8Array(0) }])).size, 0);
});

// ---- case 6: bombs ----

test("a bomb at the format's best ratio is refused before it inflates", async () => {
  const gigabyte = 2 ** 30;
  const zeros = deflateSync(new Uint8Array(2 ** 24));
  const claim = { name: "config.json", data: zeros, method: 8, crc: 0 };
  const before = process.memoryUsage().rss;
  await refused(() => openZip(lyingZip([{ ...claim, size: gigabyte * 3 }])), /inflates to too much/);
  // Many members that are fine one by one.
  const many = Array.from({ length: 40 }, (_, i) => ({ ...claim, name: `m${i}`, size: 2 ** 24 }));
  await refused(() => openZip(lyingZip(many)), /inflates to too much/);
  assert.ok(process.memoryUsage().rss - before < 200 * 2 ** 20, "no big allocation");
});

test("a stream longer or shorter than declared ends there", async () => {
  const zeros = deflateSync(new Uint8Array(2 ** 24));
  const claim = { name: "a", data: zeros, method: 8, crc: 0 };
  await refused(() => readAll(lyingZip([{ ...claim, size: 1000 }])), /longer than declared/);
  await refused(() => readAll(lyingZip([{ ...claim, size: 2 ** 24 + 1 }])), /shorter than declared/);
  await refused(() => inflateRaw(zeros, 10, "test"), /longer/);
  await refused(() => inflateRaw(encode("not deflate"), 10, "test"), /damaged|shorter/);
  await refused(() => inflateRaw(new Uint8Array(0), 10, "test"), /that small/);
  await refused(() => inflateZlib(encode("not zlib"), 10, "test"), /zlib/);
});

// ---- cases 7 to 11 ----

test("members that share bytes", async () => {
  const thousand = Array.from({ length: 1000 }, (_, i) => ({
    name: "a",
    data,
    localName: "a",
    headerAt: 0,
    n: i,
  }));
  await refused(
    () =>
      openZip(
        lyingZip([
          { name: "a", data },
          { name: "a", data, headerAt: 0 },
        ]),
      ),
    /twice/,
  );
  await refused(() => openZip(lyingZip(thousand)), /twice/);
  const inner = lyingZip([{ name: "inside", data }]);
  const nested = lyingZip([
    { name: "outside", data: inner },
    { name: "inside", data, headerAt: 30 + 7 },
  ]);
  await refused(() => openZip(nested), /overlap/);
});

test("the central directory and the local header disagree", async () => {
  await refused(() => openZip(lyingZip([{ name: "a", data, localName: "b" }])), /disagrees.*the name/);
  await refused(() => openZip(lyingZip([{ name: "a", data, localMethod: 8 }])), /disagrees.*the method/);
  await refused(() => openZip(lyingZip([{ name: "a", data, localFlags: 8 }])), /disagrees.*flags/);
  await refused(() => openZip(lyingZip([{ name: "a", data, localSize: 3 }])), /disagrees.*size/);
  await refused(() => openZip(lyingZip([{ name: "a", data, headerAt: 5 }])), /disagrees.*where it is/);
  await refused(
    () => openZip(lyingZip([{ name: "a", data, size: 3, localSize: 3 }])),
    /sizes of a stored member/,
  );
});

test("two members of one name", async () => {
  await refused(
    () =>
      openZip(
        lyingZip([
          { name: "config.json", data },
          { name: "config.json", data },
        ]),
      ),
    /stands twice/,
  );
});

test("ZIP64 sizes beyond everything", async () => {
  const huge = (size: number[], at: number[]) => Uint8Array.from([1, 0, 24, 0, ...size, ...size, ...at]);
  const max = little(4, 0xffffffff);
  const all = { size: 0xffffffff, compressed: 0xffffffff, headerAt: 0xffffffff };
  const zip = (size: number[], at: number[]) =>
    lyingZip([{ name: "a", data, ...all, extra: huge(size, at) }]);
  await refused(() => openZip(zip([0, 0, 0, 0, 0, 0, 0, 128], little(8, 0))), /absurd/);
  await refused(() => openZip(zip(little(8, 2 ** 40), little(8, 0))), /overlap/);
  await refused(() => openZip(zip(little(8, data.length), little(8, 2 ** 40))), /cut short|damaged/);
  await refused(() => openZip(lyingZip([{ name: "a", data, ...all }])), /ZIP64 size is missing/);
  assert.equal(readAll(zip(little(8, data.length), little(8, 0))), [data]);
  const end = lyingZip([{ name: "a", data }]);
  await refused(() => openZip(patched(end, end.length - 10, max)), /ZIP64/);
  await refused(() => openZip(patched(end, end.length - 6, max)), /ZIP64/);
});

test("counts, flags, methods and checksums that lie", async () => {
  await refused(() => openZip(lyingZip([{ name: "a", data }], 60_000)), /absurd number of members/);
  await refused(() => openZip(lyingZip([{ name: "a", data }], 0)), /ends elsewhere/);
  await refused(() => openZip(lyingZip([{ name: "a", data, flags: 1 }])), /encrypted/);
  await refused(() => openZip(lyingZip([{ name: "a", data, flags: 0x2041 }])), /encrypted/);
  await refused(() => openZip(lyingZip([{ name: "a", data, method: 12 }])), /unknown compression/);
  await refused(() => readAll(lyingZip([{ name: "a", data, crc: 1 }])), /checksum/);
  await refused(() => openZip(encode("not a zip at all, and no end record in it")), /not a zip archive/);
  await refused(() => readKeras(goldenBytes("models/mlp/model.h5")), /HDF5 file, not a .keras/);
});

// ---- cases 4 and 12, and JSON ----

/** A .keras file with another config.json. */
async function withConfig(config: string): Promise<Uint8Array> {
  const members = new Map(
    [...openZip(goldenBytes("models/compiled_mlp/model.keras"))].map(([name, member]) => [
      name,
      member.read(),
    ]),
  );
  return writeZip(members.set("config.json", encode(config)));
}

test("config.json 100,000 levels deep", async () => {
  for (const open of ["[", '{"a":']) {
    const text = await withConfig(open.repeat(100_000));
    const error = await refused(() => readKeras(text), /nested too deeply/);
    assert.match(error.message, /expected at most 256 levels/);
  }
  await readKeras(await withConfig("[".repeat(256) + "]".repeat(256)));
});

test("__proto__, constructor and prototype are names like others", async () => {
  const text =
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "prototype": 3}';
  const { config } = await readKeras(await withConfig(text));
  assert.ok(isJsonObject(config));
  assert.equal(Object.keys(config), ["__proto__", "constructor", "prototype"]);
  assert.is(Object.getPrototypeOf(config), Object.prototype);
  assert.is(({} as { polluted?: number }).polluted, undefined);
  const archive = await readKeras(goldenBytes("models/compiled_mlp/model.keras"));
  const array = [...archive.weights.arrays.values()][0];
  const paths = ["__proto__/vars/0", "constructor/prototype/vars/0"];
  const weights = {
    arrays: new Map(paths.map((path) => [path, array])),
    names: new Map([["__proto__/vars", "__proto__"]]),
  };
  const again = await readKeras(await writeKeras({ ...archive, weights }));
  assert.equal([...again.weights.arrays.keys()].sort(), paths);
});

test("what is no JSON, with the place in words", async () => {
  const bad = [
    "",
    "{",
    "[1,]",
    '{"a" 1}',
    "{a:1}",
    "nul",
    "tru",
    "01",
    "1.",
    "+1",
    "'a'",
    '"a',
    '"\\x"',
    '"\n"',
    "[1 2]",
    "{}{}",
    '{"a":1,"a":2}',
    "1e999",
    "-",
    "undefined",
    "\u00a0 1",
  ];
  for (const text of bad)
    await refused(() => parseJson(text, "config.json"), /^config.json, character \d+/, text);
  await refused(() => parseJson("NaN", "config.json"), /not JSON/);
  await refused(
    () => parseJson('{"layers": [{"units": 1e999}]}', "f"),
    /^f, character 22, at .layers\[0\].units: number too large/,
  );
  await refused(async () => readKeras(await withConfig("{")), /config.json/);
  const members = new Map(
    [...openZip(await withConfig("{}"))].map(([name, member]) => [name, member.read()]),
  );
  await refused(
    () => readKeras(writeZip(members.set("config.json", Uint8Array.of(0x22, 0xff, 0x22)))),
    /not text/,
  );
});

test("a string of megabytes, an object of 200,000 keys, an array of a million", () => {
  assert.is(parseJson(JSON.stringify("x".repeat(8e6)), "f"), "x".repeat(8e6));
  const keys = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`k${i}`, i]));
  assert.is(Object.keys(parseJson(JSON.stringify(keys), "f") as object).length, 200_000);
  assert.is((parseJson(`[${"1,".repeat(1e6)}1]`, "f") as unknown[]).length, 1_000_001);
});

test("JSON that is small as text and large in memory", async () => {
  await refused(() => parseJson(`[${"{},".repeat(1000)}0]`, "f", { values: 1000 }), /too much JSON/);
  await refused(async () => readKeras(await withConfig(`[${"[],".repeat(5e6)}0]`)), /too much JSON/);
  await refused(async () => readKeras(await withConfig(`"${"x".repeat(4e7)}"`)), /absurdly large/);
});

test("members that are missing, damaged or too many", async () => {
  const members = new Map(
    [...openZip(await withConfig("{}"))].map(([name, member]) => [name, member.read()]),
  );
  const without = (name: string) => writeZip(new Map([...members].filter(([key]) => key !== name)));
  for (const name of members.keys())
    await refused(() => readKeras(without(name)), new RegExp(`no ${name} in the archive`));
  await refused(
    () => readKeras(writeZip(new Map(members).set("metadata.json", encode("[]")))),
    /not Keras metadata/,
  );
  await refused(
    () => readKeras(writeZip(new Map(members).set("metadata.json", encode('{"keras_version": 3}')))),
    /not Keras metadata/,
  );
  await refused(
    () => readKeras(writeZip(new Map(members).set("model.weights.h5", encode("nothing")))),
    /model.weights.h5.*not an HDF5 file/,
  );
  await refused(
    () => readKeras(writeZip(new Map(members).set("model.weights.h5", writeZip(new Map())))),
    /zip archive/,
  );
});

// ---- campaigns ----

/** A whole archive of 2 kB, so that every bit of it can be flipped. */
async function tinyKeras(): Promise<Uint8Array> {
  const array = ndarray("f32", [2], Float32Array.of(1, 2));
  const weights = { arrays: new Map([["vars/0", array]]), names: new Map([["vars", undefined]]) };
  return writeKeras({ metadata: { keras_version: "3.15.1", date_saved: "" }, config: { a: [1] }, weights });
}

/** Throws (but no ModelError) when what was read differs from what the intact file holds. */
const sameAs = (expected: KerasArchive) => async (bytes: Uint8Array) =>
  assert.equal(await readKeras(bytes), expected);

test("a .keras file cut off before every byte is refused", async () => {
  for (const bytes of [await tinyKeras(), goldenBytes("models/compiled_mlp/model.keras")]) {
    assert.equal(await campaign(truncations(bytes), readKeras), { accepted: 0, refused: bytes.length });
  }
});

test("a .keras file with any single bit flipped is refused, or gives the same", async () => {
  const bytes = await tinyKeras();
  assert.ok(bytes.length < 4096);
  const counts = await campaign(bitFlips(bytes), sameAs(await readKeras(bytes)));
  // What is not said twice: dates, versions, attributes.
  assert.ok(counts.refused > 5 * counts.accepted, JSON.stringify(counts));
});

test("the same with a file that Keras wrote, stored and deflated", async () => {
  const stored = goldenBytes("models/compiled_mlp/model.keras");
  const members = [...openZip(stored)].map(([name, member]) => [name, member.read()] as const);
  const expected = await readKeras(stored);
  for (const bytes of [stored, zipSync(Object.fromEntries(members))]) {
    const counts = await campaign(bitFlips(bytes, 8), sameAs(expected));
    assert.ok(counts.refused > 20 * counts.accepted, JSON.stringify(counts));
  }
});

test.run();
