/**
 * Functions that emitted modules define where WGSL's own operators mean less than `ir/scalar.ts` demands, or where a spelling would
 * read its argument twice. A module carries those it mentions and no others.
 *
 * WGSL lets implementations assume that NaN and infinities do not occur. So NaN is told by its bits, which no compiler may assume
 * away, and constants that are not finite come out of variables, since WGSL rejects constant expressions that yield them.
 */

interface Helper {
  readonly source: string;
  /** The other helpers it calls. */
  readonly uses?: readonly string[];
}

/** One byte or two of a buffer that holds them packed, least significant first. */
const packed = (words: string, width: 8 | 16, type: "i32" | "u32", name: string): Helper => ({
  source: `\
fn ${name}(i: i32) -> ${type} {
  let word = ${type === "u32" ? `${words}[i / ${32 / width}]` : `bitcast<i32>(${words}[i / ${32 / width}])`};
  return extractBits(word, ${width}u * u32(i % ${32 / width}), ${width}u);
}`,
});

const HELPERS: { readonly [name: string]: Helper } = {
  inf: { source: "fn inf() -> f32 {\n  var bits = 0x7f800000u;\n  return bitcast<f32>(bits);\n}" },
  nan: { source: "fn nan() -> f32 {\n  var bits = 0x7fc00000u;\n  return bitcast<f32>(bits);\n}" },
  is_nan: {
    source: "fn is_nan(x: f32) -> bool {\n  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;\n}",
  },
  min_nan: {
    source: `\
// NaN where either is NaN; the built-in function may drop it.
fn min_nan(a: f32, b: f32) -> f32 {
  return select(select(min(a, b), b, is_nan(b)), a, is_nan(a));
}`,
    uses: ["is_nan"],
  },
  max_nan: {
    source: `\
// NaN where either is NaN; the built-in function may drop it.
fn max_nan(a: f32, b: f32) -> f32 {
  return select(select(max(a, b), b, is_nan(b)), a, is_nan(a));
}`,
    uses: ["is_nan"],
  },
  divide_i32: { source: "fn divide_i32(a: i32, b: i32) -> i32 {\n  return select(a / b, 0, b == 0);\n}" },
  divide_u32: { source: "fn divide_u32(a: u32, b: u32) -> u32 {\n  return select(a / b, 0u, b == 0u);\n}" },
  modulo_u32: { source: "fn modulo_u32(a: u32, b: u32) -> u32 {\n  return select(a % b, 0u, b == 0u);\n}" },
  floor_divide_i32: {
    source: `\
fn floor_divide_i32(a: i32, b: i32) -> i32 {
  let below = (a % b != 0) & ((a < 0) != (b < 0));
  return select(a / b - i32(below), 0, b == 0);
}`,
  },
  modulo_i32: {
    source: `\
fn modulo_i32(a: i32, b: i32) -> i32 {
  let rest = a % b;
  let below = (rest != 0) & ((a < 0) != (b < 0));
  return select(rest + select(0, b, below), 0, b == 0);
}`,
  },
  floor_divide_f32: {
    source: "fn floor_divide_f32(a: f32, b: f32) -> f32 {\n  return select(floor(a / b), 0.0, b == 0.0);\n}",
  },
  modulo_f32: {
    source:
      "fn modulo_f32(a: f32, b: f32) -> f32 {\n  return select(a - b * floor(a / b), 0.0, b == 0.0);\n}",
  },
  to_i32: {
    source: `\
// Saturates; NaN gives 0.
fn to_i32(x: f32) -> i32 {
  let low = select(i32(x), i32(-2147483648), x < -2147483648.0);
  return select(select(low, 2147483647, x >= 2147483648.0), 0, is_nan(x));
}`,
    uses: ["is_nan"],
  },
  to_u32: {
    source: `\
// Saturates; NaN gives 0.
fn to_u32(x: f32) -> u32 {
  let low = select(u32(x), 0u, x < 0.0);
  return select(select(low, 4294967295u, x >= 4294967296.0), 0u, is_nan(x));
}`,
    uses: ["is_nan"],
  },
  to_narrow: {
    source: `\
// Saturates; NaN gives 0.
fn to_narrow(x: f32, low: f32, high: f32) -> i32 {
  return select(i32(clamp(x, low, high)), 0, is_nan(x));
}`,
    uses: ["is_nan"],
  },
  weights_i8: packed("weight_words", 8, "i32", "weights_i8"),
  weights_u8: packed("weight_words", 8, "u32", "weights_u8"),
  weights_i16: packed("weight_words", 16, "i32", "weights_i16"),
  weights_u16: packed("weight_words", 16, "u32", "weights_u16"),
  state_i8: packed("state_words", 8, "i32", "state_i8"),
  state_u8: packed("state_words", 8, "u32", "state_u8"),
  state_i16: packed("state_words", 16, "i32", "state_i16"),
  state_u16: packed("state_words", 16, "u32", "state_u16"),
};

export const helperNames = Object.keys(HELPERS);

/** Definitions of the helpers that `text` calls, and of those they call, in the order of the table. */
export function helpersFor(text: string): string[] {
  const wanted = new Set<string>();
  for (const name of helperNames) {
    if (!new RegExp(`\\b${name}\\(`).test(text)) continue;
    wanted.add(name);
    for (const used of HELPERS[name].uses ?? []) wanted.add(used);
  }
  return helperNames.filter((name) => wanted.has(name)).map((name) => HELPERS[name].source);
}
