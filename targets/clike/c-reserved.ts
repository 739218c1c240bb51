/** Words that a C, C++ or CUDA source must not use for something else: keywords, alternative tokens, macros and functions in scope. */
import { scalarSnippets } from "./c-support.ts";

const keywords = `
  alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch char char8_t
  char16_t char32_t class compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype
  default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable
  namespace new noexcept not not_eq nullptr operator or or_eq private protected public reflexpr register reinterpret_cast requires
  restrict return short signed sizeof static static_assert static_cast struct switch synchronized template this thread_local throw true try
  typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq`;

const names = `
  int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t size_t ptrdiff_t intptr_t uintptr_t INFINITY NAN NULL EOF errno
  INT32_MIN INT64_MIN INT8_MAX INT32_MAX INT64_MAX std main stdin stdout stderr linux unix i386 assert signbit isnan isinf
  floor floorf ceil ceilf trunc truncf nearbyint nearbyintf sqrt sqrtf fabs fabsf fma fmaf memcpy memset memmove
  HUGE_VAL HUGE_VALF HUGE_VALL FP_NAN FP_INFINITE FP_ZERO FP_SUBNORMAL FP_NORMAL M_E M_PI M_LN2 M_LN10 M_SQRT2 MAXFLOAT
  INT8_MIN INT16_MIN INT16_MAX UINT8_MAX UINT16_MAX UINT32_MAX UINT64_MAX SIZE_MAX BUFSIZ SEEK_SET SEEK_CUR SEEK_END RAND_MAX
  EXIT_SUCCESS EXIT_FAILURE CHAR_BIT FLT_MAX FLT_MIN DBL_MAX DBL_MIN FLT_EPSILON DBL_EPSILON
  threadIdx blockIdx blockDim gridDim warpSize dim3 min max abs FN at model status base`;

const words = (text: string): string[] => text.trim().split(/\s+/);

export const cReserved: ReadonlySet<string> = new Set([
  ...words(keywords),
  ...words(names),
  ...Object.keys(scalarSnippets),
]);
