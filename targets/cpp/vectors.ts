/**
 * Vectors of 8 lanes in the vector extensions of g++ and clang: the spellings, and the helper functions behind them.
 *
 * With `-mavx2 -mfma` a vector of floats is one register; without, the compiler lowers it to what the machine has, from the same
 * source. A vector of bool is a mask, `i32x8` of 0 and -1. What has no spelling of its own is done lane by lane with the scalar one.
 */
import { byteWidth, type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import { cCast, cScalars, valueType } from "../clike/c-dialect.ts";
import { cppScalarSnippets, type Snippets } from "../clike/c-support.ts";
import { atom, type Code, callCode, guardedInfixCode, infixCode, LEVEL, prefixCode } from "../clike/code.ts";
import type { Operation, Spell, ValueType } from "../clike.ts";

export const LANES = 8;

/** `f32x8`; masks for bool. */
export const vectorType = (dtype: DType): string => `${dtype === "bool" ? "i32" : dtype}x${LANES}`;

const vectorTypedefs: Snippets = Object.fromEntries(
  (Object.keys(dtypes) as DType[])
    .filter((dtype) => dtype !== "bool" && dtype !== "f16" && dtype !== "bf16")
    .map((dtype) => [
      `${dtype}x${LANES}`,
      `typedef ${valueType(dtype)} ${dtype}x${LANES} __attribute__((vector_size(${LANES * byteWidth(dtype)})));`,
    ]),
);

/** A unary function of f32x8: clang's builtin, g++'s for AVX, or lane by lane. */
const unary = (
  name: string,
  clang: string,
  avx: string,
  scalar: string,
): string => `FN f32x8 ${name}(const f32x8& a) {
#if __has_builtin(__builtin_elementwise_${clang})
  return __builtin_elementwise_${clang}(a);
#elif defined(__AVX__)
  return ${avx};
#else
  f32x8 r;
  for (int i = 0; i < ${LANES}; i++) r[i] = ${scalar}(a[i]);
  return r;
#endif
}`;

/** The smaller or larger of two; the instruction gives its second operand where either is NaN. */
const extremum = (name: string, builtin: string, relation: string): string => `/** NaN where either is. */
template <class V>
FN V ${name}(const V& a, const V& b) {
  return ((b ${relation} a) | (b != b)) ? b : a;
}
#if defined(__AVX__) && __has_builtin(${builtin})
FN f32x8 ${name}(const f32x8& a, const f32x8& b) {
  const f32x8 r = ${builtin}(b, a);
  return b != b ? b : r;
}
#endif`;

/**
 * Vectors go into templates by reference: g++ remarks on the ABI of passing them by value without AVX, though everything is inlined.
 * Builtins stand in for `immintrin.h`, which takes a second to read.
 */
export const vectorSnippets: Snippets = {
  ...vectorTypedefs,
  ...cppScalarSnippets,

  load: `/** Consecutive elements, at any address. */
template <class V, class T>
FN V load(const T* p) {
  V v;
  memcpy(&v, p, sizeof v);
  return v;
}`,
  store: `template <class V, class T>
FN void store(T* p, const V& v) { memcpy(p, &v, sizeof v); }`,
  load_mask: `/** Bytes of 0 and 1 as a mask of 0 and -1. */
FN i32x8 load_mask(const uint8_t* p) { return __builtin_convertvector(load<u8x8>(p) != 0, i32x8); }`,
  store_mask: `FN void store_mask(uint8_t* p, const i32x8& m) { store(p, __builtin_convertvector(m & 1, u8x8)); }`,
  splat: `template <class V, class T>
FN V splat(T x) { return V{x, x, x, x, x, x, x, x}; }`,
  lanewise: `/** One function in every lane. */
template <class R, class F, class... V>
FN R lanewise(F f, const V&... args) {
  R r;
  for (int i = 0; i < ${LANES}; i++) r[i] = f(args[i]...);
  return r;
}`,
  mask_of: `template <class V>
FN i32x8 mask_of(const V& comparison) { return __builtin_convertvector(comparison, i32x8); }`,
  select: `template <class V>
FN V select(const i32x8& mask, const V& a, const V& b) { return __builtin_convertvector(mask, decltype(a < b)) ? a : b; }`,
  min_x8: extremum("min_x8", "__builtin_ia32_minps256", "<"),
  max_x8: extremum("max_x8", "__builtin_ia32_maxps256", ">"),
  multiply_add_x8: `/** a * b + c, in one rounding where the machine has the instruction. */
FN f32x8 multiply_add_x8(const f32x8& a, const f32x8& b, const f32x8& c) {
#if !defined(__FMA__) && !defined(__ARM_FEATURE_FMA)
  return a * b + c;
#elif __has_builtin(__builtin_elementwise_fma)
  return __builtin_elementwise_fma(a, b, c);
#elif defined(__FMA__)
  return __builtin_ia32_vfmaddps256(a, b, c);
#else
  f32x8 r;
  for (int i = 0; i < ${LANES}; i++) r[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return r;
#endif
}`,
  floor_x8: unary("floor_x8", "floor", "__builtin_ia32_roundps256(a, 9)", "floorf"),
  ceil_x8: unary("ceil_x8", "ceil", "__builtin_ia32_roundps256(a, 10)", "ceilf"),
  trunc_x8: unary("trunc_x8", "trunc", "__builtin_ia32_roundps256(a, 11)", "truncf"),
  round_x8: unary("round_x8", "roundeven", "__builtin_ia32_roundps256(a, 8)", "nearbyintf"),
  sqrt_x8: unary("sqrt_x8", "sqrt", "__builtin_ia32_sqrtps256(a)", "sqrtf"),
  abs_x8: `FN f32x8 abs_x8(const f32x8& a) { return (f32x8)((i32x8)a & 0x7fffffff); }`,
  saturate_x8: `/** Float to integer: truncates, saturates, NaN gives 0. */
FN i32x8 saturate_x8(const f32x8& x) {
  const i32x8 inside = (x > -2147483648.0f) & (x < 2147483648.0f);
  const i32x8 r = __builtin_convertvector(inside ? x : f32x8{}, i32x8);
  return x >= 2147483648.0f ? r + INT32_MAX : x <= -2147483648.0f ? r + INT32_MIN : r;
}`,
};

/** The scalar spelling in every lane. */
function lanewise(result: string, args: readonly Code[], spell: (lanes: readonly Code[]) => Code): Code {
  const names = ["x", "y", "z"].slice(0, args.length);
  const body = spell(names.map(atom)).text;
  return callCode(
    `lanewise<${result}>`,
    atom(`[](${names.map((n) => `auto ${n}`).join(", ")}) { return ${body}; }`),
    ...args,
  );
}

const fallback =
  (name: BasicScalar): Spell =>
  (args, { dtype }) =>
    lanewise(vectorType(dtype), args, (lanes) =>
      cScalars[name](lanes, { dtype, lanes: 1, index: false, natural: false }),
    );

const infix =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    infixCode(operator, level, a, b);
const guarded =
  (operator: string, level: number): Spell =>
  ([a, b]) =>
    guardedInfixCode(operator, level, a, b);
const call =
  (name: string): Spell =>
  (args) =>
    callCode(name, ...args);

/** A spelling where `supports` holds, lane by lane elsewhere. */
const where =
  (supports: (operation: Operation) => boolean, spell: Spell, name: BasicScalar): Spell =>
  (args, operation) =>
    (supports(operation) ? spell : fallback(name))(args, operation);

/** On masks; the second spelling elsewhere. */
const onMasks =
  (mask: Spell, other: Spell): Spell =>
  (args, operation) =>
    (operation.dtype === "bool" ? mask : other)(args, operation);

const isF32 = ({ dtype }: Operation): boolean => dtype === "f32";

/** Arithmetic on signed vectors is done on unsigned ones, which wrap. */
const wrapping =
  (operator: string, level: number): Spell =>
  (args, operation) => {
    if (dtypes[operation.dtype].kind !== "signed") return infix(operator, level)(args, operation);
    const unsigned = vectorType(unsignedOf(operation.dtype));
    const [a, b] = args.map((arg): Code => castCode(unsigned, arg));
    return castCode(vectorType(operation.dtype), infixCode(operator, level, a, b));
  };
const unsignedOf = (dtype: DType): DType =>
  dtype === "i8" ? "u8" : dtype === "i16" ? "u16" : dtype === "i64" ? "u64" : "u32";
const castCode = (type: string, arg: Code): Code => prefixCode(`(${type})`, arg);

const bitAnd = guarded("&", LEVEL.bitAnd);
const bitOr = guarded("|", LEVEL.bitOr);
const bitXor = guarded("^", LEVEL.bitXor);
const bitNot: Spell = ([a]) => prefixCode("~", a);
const inverse =
  (spell: Spell): Spell =>
  (args, operation) =>
    bitNot([spell(args, operation)], operation);

/** Comparisons give a vector of integers as wide as the operands; masks are 32 bits wide. */
const compare = (operator: string, level: number, onMask: Spell): Spell =>
  onMasks(onMask, (args, operation) => {
    const comparison = guarded(operator, level)(args, operation);
    return byteWidth(operation.dtype) === 4 ? comparison : callCode("mask_of", comparison);
  });

export const vectorScalars: { readonly [N in BasicScalar]: Spell } = {
  add: onMasks(bitOr, wrapping("+", LEVEL.additive)),
  sub: onMasks(bitXor, wrapping("-", LEVEL.additive)),
  mul: onMasks(bitAnd, wrapping("*", LEVEL.multiplicative)),
  div: where(({ dtype }) => isFloat(dtype), infix("/", LEVEL.multiplicative), "div"),
  floordiv: fallback("floordiv"),
  mod: fallback("mod"),
  fma: where(isF32, call("multiply_add_x8"), "fma"),
  neg: where(({ dtype }) => dtypes[dtype].kind !== "signed", ([a]) => prefixCode("-", a), "neg"),
  abs: where(isF32, call("abs_x8"), "abs"),
  min: onMasks(bitAnd, call("min_x8")),
  max: onMasks(bitOr, call("max_x8")),
  floor: where(isF32, call("floor_x8"), "floor"),
  ceil: where(isF32, call("ceil_x8"), "ceil"),
  trunc: where(isF32, call("trunc_x8"), "trunc"),
  round: where(isF32, call("round_x8"), "round"),
  sqrt: where(isF32, call("sqrt_x8"), "sqrt"),
  lt: compare("<", LEVEL.relational, ([a, b], o) => bitAnd([bitNot([a], o), b], o)),
  le: compare("<=", LEVEL.relational, ([a, b], o) => bitOr([bitNot([a], o), b], o)),
  eq: compare("==", LEVEL.equality, inverse(bitXor)),
  ne: compare("!=", LEVEL.equality, bitXor),
  and: bitAnd,
  or: bitOr,
  xor: bitXor,
  not: bitNot,
  shl: fallback("shl"),
  shr: fallback("shr"),
  select: onMasks(
    ([condition, a, b], o) => bitOr([bitAnd([condition, a], o), bitAnd([bitNot([condition], o), b], o)], o),
    call("select"),
  ),
}; // biome-ignore format: a table

/** Between vectors; bool is a mask. */
export function vectorCast(arg: Code, from: DType, to: DType): Code {
  if (from === to) return arg;
  if (to === "bool")
    return byteWidth(from) === 4
      ? guardedInfixCode("!=", LEVEL.equality, arg, atom("0"))
      : callCode("mask_of", guardedInfixCode("!=", LEVEL.equality, arg, atom("0")));
  if (from === "bool")
    return callCode(
      "__builtin_convertvector",
      guardedInfixCode("&", LEVEL.bitAnd, arg, atom("1")),
      atom(vectorType(to)),
    );
  if (from === "f32" && to === "i32") return callCode("saturate_x8", arg);
  if (isFloat(from) && !isFloat(to)) return lanewise(vectorType(to), [arg], ([x]) => cCast(x, from, to));
  return callCode("__builtin_convertvector", arg, atom(vectorType(to)));
}

/** A scalar in every lane. */
export const vectorSplat = (arg: Code, { dtype }: ValueType): Code =>
  callCode(`splat<${vectorType(dtype)}>`, dtype === "bool" ? prefixCode("-", callCode("int", arg)) : arg);
