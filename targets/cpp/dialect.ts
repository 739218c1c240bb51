/** The C++ dialect: scalars as in `c-dialect.ts`, vectors of 8 lanes as in `vectors.ts`. */
import { CompilerBug } from "../../ir/errors.ts";
import type { BasicScalar } from "../../ir/scalar.ts";
import { arrayLength, cConstant, cDialect, cScalars, memoryType, valueType } from "../clike/c-dialect.ts";
import { cReserved } from "../clike/c-reserved.ts";
import { atom, type Code, callCode, guardedInfixCode, LEVEL, textAt } from "../clike/code.ts";
import type { Dialect, Place, Spell, ValueType } from "../clike.ts";
import { LANES, vectorCast, vectorScalars, vectorSnippets, vectorSplat, vectorType } from "./vectors.ts";

const isVector = ({ lanes }: ValueType): boolean => {
  if (lanes !== 1 && lanes !== LANES) throw new CompilerBug("cpp", `a vector of ${lanes} lanes`);
  return lanes !== 1;
};

const typeOf = (type: ValueType): string => (isVector(type) ? vectorType(type.dtype) : valueType(type.dtype));

/** Each operator from the table of vectors or of scalars; both tables are complete. */
const scalars = Object.fromEntries(
  (Object.keys(cScalars) as BasicScalar[]).map((name): [string, Spell] => [
    name,
    (args, operation) => (isVector({ ...operation }) ? vectorScalars : cScalars)[name](args, operation),
  ]),
) as Dialect["scalars"];

function constant(value: number, type: ValueType): Code {
  const scalar = cConstant(value, type.dtype);
  if (!isVector(type)) return scalar;
  return Object.is(value, 0) ? atom(`${vectorType(type.dtype)}{}`) : vectorSplat(scalar, type);
}

const addressOf = ({ name }: Place, index: Code): Code => ({
  text: `&${name}[${index.text}]`,
  level: LEVEL.prefix,
});
const holdsVectors = ({ buffer }: Place): boolean => buffer.lanes > 1;

export const cppDialect: Dialect = {
  ...cDialect,
  reserved: new Set([...cReserved, ...Object.keys(vectorSnippets)]),
  scalars,
  constant,
  load: (place, index, type) => {
    if (!isVector(type) || holdsVectors(place)) return cDialect.load(place, index, type);
    const address = addressOf(place, index);
    return type.dtype === "bool"
      ? callCode("load_mask", address)
      : callCode(`load<${vectorType(type.dtype)}>`, address);
  },
  store: (place, index, value, type) => {
    if (!isVector(type) || holdsVectors(place)) return cDialect.store(place, index, value, type);
    return [
      `${type.dtype === "bool" ? "store_mask" : "store"}(${addressOf(place, index).text}, ${value.text});`,
    ];
  },
  cast: (arg, from, to) =>
    isVector(to) ? vectorCast(arg, from.dtype, to.dtype) : cDialect.cast(arg, from, to),
  bitcast: (arg, _, to) => callCode(`bitcast<${typeOf(to)}>`, arg),
  splat: (arg, type) => vectorSplat(arg, type),
  extract: (arg, lane, { dtype }) => {
    const element: Code = { text: `${textAt(arg, LEVEL.postfix)}[${lane}]`, level: LEVEL.postfix };
    return dtype === "bool" ? guardedInfixCode("!=", LEVEL.equality, element, atom("0")) : element;
  },
  let: (name, type, value) => `const ${typeOf(type)} ${name} = ${value.text};`,
  register: (name, type, initial) =>
    `${typeOf(type)} ${name}${initial === undefined ? "" : ` = ${initial.text}`};`,
  array: (place) => {
    const { dtype } = place.buffer;
    const element = holdsVectors(place) ? vectorType(dtype) : memoryType(dtype);
    return [`${element} ${place.name}[${arrayLength(place)}];`];
  },
};
