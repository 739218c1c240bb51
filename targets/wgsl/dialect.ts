/**
 * The record of spellings with which `targets/clike.ts` prints a kernel as WGSL. One per kernel: memory and the position in the grid are
 * spelled by how the kernel is launched.
 */
import { isStatic, productOf } from "../../ir/dim.ts";
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { Buffer, Kernel } from "../../ir/kernel.ts";
import { atom, type Code } from "../clike/code.ts";
import type { Dialect, GridBind, Place, ValueType } from "../clike.ts";
import { helperNames } from "./helpers.ts";
import type { Memory } from "./memory.ts";
import { reservedNames } from "./reserved.ts";
import { scalarSpelling } from "./spelling.ts";
import { registerType } from "./types.ts";
import { bitcastCode, castCode, constantCode } from "./values.ts";

/** The coordinates that the device gives. */
export function builtinPosition(bind: GridBind): Code {
  const [space, axis] = bind.split(".");
  return atom(`i32(${space === "grid" ? "group_id" : "local_id"}.${axis})`);
}

const reserved = reservedNames(helperNames);

/** `memory` spells access to global buffers, `position` the coordinates of a thread. */
export function wgslDialect(kernel: Kernel, memory: Memory, position: (bind: GridBind) => Code): Dialect {
  return {
    reserved,
    scalars: scalarSpelling,
    constant: constantCode,
    load: (place, index, type) => memory.load(place, index, type),
    store: (place, index, value, type) => memory.store(place, index, value, type),
    cast: castCode,
    bitcast: bitcastCode,
    splat: noVectors,
    extract: noVectors,
    let: (name, _type, value) => `let ${name} = ${value.text};`,
    register: (name, type, initial) =>
      initial === undefined ? `var ${name}: ${scalarType(type)};` : `var ${name} = ${initial.text};`,
    array: (place) => (place.buffer.space === "shared" ? [] : [`var ${arrayDeclaration(place)}`]),
    forHead: (name, extent) => `for (var ${name} = 0; ${name} < ${extent.text}; ${name}++)`,
    position,
    barrier: barrierOf(kernel),
  };
}

export const workgroupArray = (place: Place): string => `var<workgroup> ${arrayDeclaration(place)}`;

const arrayDeclaration = ({ buffer, name }: Place): string =>
  `${name}: array<${scalarType(buffer)}, ${staticSize(buffer)}>;`;

/** Elements of a `local` or `shared` array. */
export function staticSize({ name, shape }: Buffer): number {
  const size = productOf(shape);
  if (isStatic(size)) return size;
  throw new Unsupported("wgsl", `an array of variable size (${name})`, {
    hint: "Fix the size of the axis it spans",
  });
}

/** A workgroup's barrier orders workgroup memory; storage needs its own, where threads of a group read what others wrote. */
function barrierOf({ params }: Kernel): string {
  const throughStorage = params.some(({ access }) => access === "readwrite" || access === "fresh");
  return throughStorage ? "storageBarrier(); workgroupBarrier();" : "workgroupBarrier();";
}

function scalarType({ dtype, lanes }: ValueType): string {
  if (lanes > 1) noVectors();
  return registerType(dtype);
}

function noVectors(): never {
  throw new CompilerBug("wgsl", "vectors are not spelled: every thread is a lane");
}
