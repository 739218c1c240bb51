/**
 * How kernels reach memory. All weights of a bundle lie in one buffer, all state in another, and the arena with the inputs and outputs of
 * the call in a third, so that one bind group serves every dispatch. Within a buffer, the elements of a launch argument begin at its
 * base, a named integer of the kernel.
 *
 * A kernel that reads and writes only f32 in a buffer sees it as `array<f32>`; one that mixes types sees `array<u32>` and reinterprets
 * bits, which costs nothing. Elements narrower than a word: in weights and state, packed as they ship, so they can only be read (two
 * threads writing into one word would race); in the arena, one word each, which needs no atomics.
 */
import { type DType, dtypes } from "../../ir/dtype.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Buffer } from "../../ir/kernel.ts";
import { atom, type Code, callCode, LEVEL, textAt } from "../clike/code.ts";
import type { Place, ValueType } from "../clike.ts";
import { isNarrow, type Register, registerType } from "./types.ts";

export type Region = "weights" | "state" | "arena";

/** The region of each global buffer of a kernel. */
export type Regions = ReadonlyMap<Buffer, Region>;

export const REGIONS: readonly Region[] = ["weights", "state", "arena"];
const WORDS: { readonly [R in Region]: string } = {
  weights: "weight_words",
  state: "state_words",
  arena: "arena_words",
};

/** Words in each region; undefined where it depends on the call. A known length makes the device's checks of indices cheaper. */
export type Lengths = { readonly [R in Region]: number | undefined };

/** Declarations of the bindings that `text` mentions. */
export function bindingsFor(text: string, paramVectors: number, lengths: Lengths): string[] {
  const names = REGIONS.flatMap((region) => [region, WORDS[region]]);
  const storage = names.map((name, at) => {
    const region = REGIONS[at >> 1];
    const access = region === "weights" ? "read" : "read_write";
    const type = [name === region ? "f32" : "u32", lengths[region]].filter((part) => part !== undefined);
    return {
      name,
      binding: (at >> 1) + 1,
      declaration: `var<storage, ${access}> ${name}: array<${type.join(", ")}>;`,
    };
  });
  const uniform = {
    name: "params",
    binding: 0,
    declaration: `var<uniform> params: array<vec4i, ${paramVectors}>;`,
  };
  return [uniform, ...storage]
    .filter(({ name }) => new RegExp(`\\b${name}\\[`).test(text))
    .map(({ binding, declaration }) => `@group(0) @binding(${binding}) ${declaration}`);
}

/** Loads and stores of one kernel. */
export class Memory {
  readonly #regions: Regions;
  /** Regions in which the kernel meets nothing but f32. */
  readonly #floats: ReadonlySet<Region>;
  /** The words behind what was loaded: where that is stored as it is, no bits need reinterpreting. */
  readonly #words = new Map<string, Code>();

  constructor(regions: Regions) {
    this.#regions = regions;
    const mixed = new Set([...regions].filter(([{ dtype }]) => dtype !== "f32").map(([, region]) => region));
    this.#floats = new Set(REGIONS.filter((region) => !mixed.has(region)));
  }

  load({ buffer, name }: Place, index: Code, { dtype, lanes }: ValueType): Code {
    if (lanes > 1) throw new CompilerBug("wgsl", `${buffer.name} is read as a vector`);
    if (buffer.space !== "global") return element(name, index);
    const region = this.#regionOf(buffer);
    const at = from(name, index);
    if (this.#floats.has(region)) return element(region, at);
    if (region !== "arena" && isNarrow(dtype)) return packedLoad(region, at, dtype);
    const word = element(WORDS[region], at);
    const value = READ[registerType(dtype)](word);
    // Any word but 0 reads as true; only 1 is written.
    if (dtype !== "bool") this.#words.set(value.text, word);
    return value;
  }

  store({ buffer, name }: Place, index: Code, value: Code, { dtype, lanes }: ValueType): readonly string[] {
    if (lanes > 1) throw new CompilerBug("wgsl", `${buffer.name} is written as a vector`);
    if (buffer.space !== "global") return [`${element(name, index).text} = ${value.text};`];
    const region = this.#regionOf(buffer);
    if (region === "weights")
      throw new CompilerBug("wgsl", `${buffer.name} lies in the weights, which are read-only`);
    if (region === "state" && isNarrow(dtype)) {
      throw new Unsupported("wgsl", `writing state of dtype ${dtype}`, {
        hint: `Keep it as ${dtypes[dtype].kind === "signed" ? "i32" : "u32"}, or compile for wasm or cpp`,
      });
    }
    const at = from(name, index);
    if (this.#floats.has(region)) return [`${element(region, at).text} = ${value.text};`];
    const word = this.#words.get(value.text) ?? WRITE[registerType(dtype)](value);
    return [`${element(WORDS[region], at).text} = ${word.text};`];
  }

  #regionOf(buffer: Buffer): Region {
    const region = this.#regions.get(buffer);
    if (region === undefined)
      throw new CompilerBug("wgsl", `${buffer.name} is not an argument of its kernel`);
    return region;
  }
}

const element = (array: string, index: Code): Code => atom(`${array}[${index.text}]`);
/** Base first, so that a sum for an index needs no parentheses: integer addition wraps, whatever its order. */
const from = (base: string, index: Code): Code =>
  index.text === "0"
    ? atom(base)
    : { text: `${base} + ${textAt(index, LEVEL.additive)}`, level: LEVEL.additive };

const packedLoad = (region: Region, at: Code, dtype: DType): Code =>
  dtype === "bool"
    ? { text: `${callCode(`${region}_u8`, at).text} != 0u`, level: LEVEL.relational }
    : callCode(`${region}_${dtype}`, at);

const READ: { readonly [R in Register]: (word: Code) => Code } = {
  f32: (word) => callCode("bitcast<f32>", word),
  i32: (word) => callCode("bitcast<i32>", word),
  u32: (word) => word,
  bool: (word) => ({ text: `${word.text} != 0u`, level: LEVEL.relational }),
};

const WRITE: { readonly [R in Register]: (value: Code) => Code } = {
  f32: (value) => callCode("bitcast<u32>", value),
  i32: (value) => callCode("bitcast<u32>", value),
  u32: (value) => value,
  bool: (value) => callCode("u32", value),
};
