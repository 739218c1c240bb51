/**
 * Identifiers that no variable may take: WGSL's keywords and reserved words (WGSL, sections 15.1 and 15.2), the predeclared names that
 * emitted code uses, and the names of the emitted module itself.
 */
const KEYWORDS = `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop
override requires return struct switch true var while`;

const RESERVED_WORDS = `NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class
co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit
crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough filter
final finally friend from fxgroup get goto groupshared highp impl implements import inline instanceof interface layout lowp macro
macro_rules match mediump meta mod module move mut mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent
noperspective null nullptr of operator package packoffset partial pass patch pixelfragment precise precision premerge priv protected
pub public readonly ref regardless register reinterpret_cast require resource restrict self set shared sizeof smooth snorm static
static_assert static_cast std subroutine super target template this thread_local throw trait try type typedef typeid typename typeof
union unless unorm unsafe unsized use using varying virtual volatile wgsl where with writeonly yield`;

const PREDECLARED = `array atomic bitcast bool f16 f32 i32 mat2x2 mat3x3 mat4x4 ptr u32 vec2 vec2f vec3 vec3f vec3u vec4 vec4f vec4i vec4u
abs ceil clamp extractBits floor fma max min round select sqrt storageBarrier trunc workgroupBarrier`;

const MODULE = `params weights weight_words state state_words arena arena_words group_id group_count local_id block
groups_x groups_y groups_z`;

const wordsOf = (text: string): string[] => text.split(/\s+/);

/** `helpers`: the functions the module may define besides its entry points. */
export const reservedNames = (helpers: Iterable<string>): ReadonlySet<string> =>
  new Set([...[KEYWORDS, RESERVED_WORDS, PREDECLARED, MODULE].flatMap(wordsOf), ...helpers]);
