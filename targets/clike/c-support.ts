/**
 * The helper functions that C++ and CUDA kernels call, as named snippets, and the choice of those that a given text uses. An artifact
 * carries exactly the helpers its kernels need, in its own namespace: no support header to version, no two models that disagree.
 *
 * These functions are where C++ and `ir/scalar.ts` differ: wrapping, division by zero, NaN, saturation.
 */

/** Snippets by the identifier they define; each may use those before it. `FN` stands for the function specifiers of the target. */
export type Snippets = { readonly [name: string]: string };

export const scalarSnippets: Snippets = {
  infinity: "constexpr float infinity = std::numeric_limits<float>::infinity();",

  not_a_number: "constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();",

  lowest: `template <class T>
constexpr T lowest = std::numeric_limits<T>::min();`,

  highest: `template <class T>
constexpr T highest = std::numeric_limits<T>::max();`,

  Wide: `/** The unsigned type to do integer arithmetic in: it wraps, and nothing narrower than int is promoted to a signed type. */
template <class T>
using Wide = std::conditional_t<sizeof(T) < 8, uint32_t, uint64_t>;`,

  wrapping_add: `template <class T>
FN T wrapping_add(T a, T b) { return T(Wide<T>(a) + Wide<T>(b)); }`,

  wrapping_sub: `template <class T>
FN T wrapping_sub(T a, T b) { return T(Wide<T>(a) - Wide<T>(b)); }`,

  wrapping_mul: `template <class T>
FN T wrapping_mul(T a, T b) { return T(Wide<T>(a) * Wide<T>(b)); }`,

  wrapping_neg: `template <class T>
FN T wrapping_neg(T a) { return T(Wide<T>(0) - Wide<T>(a)); }`,

  divide: `/** Integer division towards zero; by zero it gives 0. */
template <class T>
FN T divide(T a, T b) {
  if (b == 0) return 0;
  if (std::is_signed_v<T> && b == T(-1)) return wrapping_neg(a);
  return T(a / b);
}`,

  modulo: `/** The remainder of a division rounding down; by zero it gives 0. */
template <class T>
FN T modulo(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return b == 0 ? T(0) : T(double(a) - double(b) * floor(double(a) / double(b)));
  } else {
    if (b == 0 || (std::is_signed_v<T> && b == T(-1))) return 0;
    const T rest = T(a % b);
    return rest != 0 && std::is_signed_v<T> && (rest ^ b) < T(0) ? T(rest + b) : rest;
  }
}`,

  floor_divide: `/** Division rounding down; by zero it gives 0. */
template <class T>
FN T floor_divide(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return b == 0 ? T(0) : T(floor(double(a) / double(b)));
  } else {
    const T quotient = divide(a, b);
    return b != 0 && modulo(a, b) != T(wrapping_sub(a, wrapping_mul(quotient, b))) ? wrapping_sub(quotient, T(1)) : quotient;
  }
}`,

  shift_left: `template <class T>
FN T shift_left(T a, T count) { return T(Wide<T>(a) << (Wide<T>(count) & (8 * sizeof(T) - 1))); }`,

  shift_right: `template <class T>
FN T shift_right(T a, T count) { return T(a >> (Wide<T>(count) & (8 * sizeof(T) - 1))); }`,

  is_nan: `template <class T>
FN bool is_nan(T x) {
  if constexpr (std::is_floating_point_v<T>) return x != x;
  return false;
}`,

  minimum: `/** NaN if either is. */
template <class T>
FN T minimum(T a, T b) { return b < a || is_nan(b) ? b : a; }`,

  maximum: `/** NaN if either is. */
template <class T>
FN T maximum(T a, T b) { return b > a || is_nan(b) ? b : a; }`,

  absolute: `template <class T>
FN T absolute(T a) { return a < T(0) ? wrapping_neg(a) : a; }`,

  multiply_add: `/** a * b + c, in one rounding where the machine has the instruction. */
template <class T>
FN T multiply_add(T a, T b, T c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return sizeof(T) == sizeof(float) ? T(__builtin_fmaf(a, b, c)) : T(__builtin_fma(a, b, c));
#else
  return a * b + c;
#endif
}`,

  saturate: `/** Float to integer: truncates, saturates, NaN gives 0. */
template <class To, class From>
FN To saturate(From x) {
  if (x != x) return 0;
  return x <= From(lowest<To>) ? lowest<To> : x >= From(highest<To>) ? highest<To> : To(x);
}`,

  bitcast: `/** The same bits as another type. */
template <class To, class From>
FN To bitcast(From x) {
  static_assert(sizeof(To) == sizeof(From), "a bitcast keeps the width");
  To bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}`,
};

/** The functions of math.h that kernels call. The compiler knows them without the header, which takes a quarter of a second to read. */
const mathNames = ["floor", "ceil", "trunc", "nearbyint", "sqrt", "fabs"];
const mathSnippets: Snippets = Object.fromEntries([
  ...mathNames.map((name) => [`${name}f`, `FN float ${name}f(float x) { return __builtin_${name}f(x); }`]),
  ...mathNames.map((name) => [name, `FN double ${name}(double x) { return __builtin_${name}(x); }`]),
]);
export const cppScalarSnippets: Snippets = { ...mathSnippets, ...scalarSnippets };

const IDENTIFIERS = /[A-Za-z_]\w*/g;

/** The snippets that `text` uses, and those that these use, in the order of the table, separated by empty lines. */
export function snippetsFor(text: string, snippets: Snippets, specifiers: string): string {
  const used = new Set<string>();
  const pending = [text];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [word] of next.matchAll(IDENTIFIERS)) {
      if (used.has(word) || !Object.hasOwn(snippets, word)) continue;
      used.add(word);
      pending.push(snippets[word]);
    }
  }
  const chosen = Object.entries(snippets).filter(([name]) => used.has(name));
  return chosen.map(([, snippet]) => snippet.replaceAll(/\bFN\b/g, specifiers)).join("\n\n");
}
