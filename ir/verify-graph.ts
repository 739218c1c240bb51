/**
 * The invariants of the graph IR, in one place. Every pass may rely on them and has to leave them so:
 *
 *  1. Functions of a module have different names.
 *  2. A function has one role per argument and one per result. Paths and input names occur once among arguments, paths and output names
 *     once among results.
 *  3. Every state result has a state argument of the same path and type.
 *  4. Every operand and every return is an argument of the same block or a result of an earlier op of it: single assignment, definition
 *     before use, regions isolated from above.
 *  5. A block argument occurs once; an op occurs once; a result knows its op and its index.
 *  6. An op is known, and has as many operands as its definition says; only region ops have regions.
 *  7. Its attributes are those of its definition, all that are not optional.
 *  8. Its result types are those its definition infers.
 *  9. Outside of regions, every symbol in a type occurs in the type of some argument, so that a call settles its value.
 *
 * A broken one is a CompilerBug of the stage named by the caller, which says function, op and what was expected.
 */
import { symbolsOf } from "./dim.ts";
import { CompilerBug, type ErrorDetails, ModelError } from "./errors.ts";
import type { Block, Func, Module, Op, Value } from "./graph.ts";
import type { OpDef, OpTable } from "./op.ts";
import { equalTypes, printType, type TensorType } from "./type.ts";

/** Where a complaint comes from. */
interface Site {
  readonly ops: OpTable;
  readonly stage: string;
  readonly where: string;
}

const fail = ({ stage, where }: Site, message: string, details: ErrorDetails = {}): never => {
  throw new CompilerBug(stage, message, { ...details, where });
};

/** Checks a module; throws CompilerBug naming `stage`. */
export function verifyModule(module: Module, ops: OpTable, stage: string): void {
  checkDistinct(
    { ops, stage, where: "module" },
    "function name",
    module.funcs.map((func) => func.name),
  );
  for (const func of module.funcs) verifyFunc(func, ops, stage);
}

/** Checks one function; throws CompilerBug naming `stage`. */
export function verifyFunc(func: Func, ops: OpTable, stage: string): void {
  const site = { ops, stage, where: `@${func.name}` };
  checkRoles(site, func);
  checkSymbols(site, func);
  verifyBlock(site, func.body, new Set());
}

function checkDistinct(site: Site, what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) fail(site, `the same ${what} twice`, { got: twice });
}

const roleName = (role: Func["args"][number] | Func["results"][number]): string =>
  "path" in role ? `path ${role.path}` : `name ${role.name}`;

function checkRoles(site: Site, func: Func): void {
  const { args, returns } = func.body;
  const counts = (roles: readonly unknown[], values: readonly unknown[], what: string): void => {
    if (roles.length === values.length) return;
    fail(site, `roles do not match ${what}`, { expected: `${values.length}`, got: `${roles.length}` });
  };
  counts(func.args, args, "arguments");
  counts(func.results, returns, "results");
  checkDistinct(site, "argument", func.args.map(roleName));
  checkDistinct(site, "result", func.results.map(roleName));
  func.results.forEach((role, i) => {
    if (role.kind === "state") checkState(site, func, role.path, returns[i].type);
  });
}

function checkState(site: Site, func: Func, path: string, type: TensorType): void {
  const at = func.args.findIndex((role) => role.kind === "state" && role.path === path);
  if (at < 0) fail(site, "a state result without a state argument", { got: path });
  const expected = func.body.args[at].type;
  if (equalTypes(expected, type)) return;
  fail(site, `state "${path}" changes its type`, { expected: printType(expected), got: printType(type) });
}

/** Symbols of arguments have a value in every call; those of regions are the business of the region op. */
function checkSymbols(site: Site, func: Func): void {
  const bound = new Set(func.body.args.flatMap((arg) => symbolsOf(arg.type.shape)));
  for (const op of func.body.ops) {
    for (const { type } of op.results) {
      if (type.shape.every((dim) => typeof dim === "number")) continue;
      const open = symbolsOf(type.shape).find((name) => !bound.has(name));
      if (open !== undefined) fail(at(site, op), "no argument gives this symbol a value", { got: open });
    }
  }
}

const at = (site: Site, op: Op): Site => ({
  ...site,
  where: `${site.where}: ${op.name}(${op.operands.map((operand) => printType(operand.type)).join(", ")})${op.loc && ` at "${op.loc}"`}`,
});

/** `seen` holds the arguments and ops met so far in the function. */
function verifyBlock(site: Site, block: Block, seen: Set<Value | Op>): void {
  const visible = new Set<Value>();
  for (const arg of block.args) {
    if (seen.has(arg)) fail(site, "a block argument occurs twice", { got: arg.name });
    seen.add(arg);
    visible.add(arg);
  }
  for (const op of block.ops) {
    if (seen.has(op)) fail(at(site, op), "an op occurs twice");
    seen.add(op);
    verifyOp(site, op, visible);
    for (const region of op.regions) verifyBlock(at(site, op), region, seen);
    for (const result of op.results) visible.add(result);
  }
  if (block.returns.some((value) => !visible.has(value))) fail(site, "a return is not a value of its block");
}

function verifyOp(site: Site, op: Op, visible: ReadonlySet<Value>): void {
  const lost = op.operands.findIndex((operand) => !visible.has(operand));
  if (lost >= 0) fail(at(site, op), `operand ${lost} is not defined before its use in this block`);
  if (op.results.some((result, i) => result.op !== op || result.index !== i))
    fail(at(site, op), "a result of another op");
  const def = site.ops.get(op.name) ?? fail(at(site, op), "no such op");
  const [min, max] = def.arity;
  if (op.operands.length < min || op.operands.length > max) {
    fail(at(site, op), "wrong number of operands", {
      expected: `${min} to ${max}`,
      got: `${op.operands.length}`,
    });
  }
  if (op.regions.length > 0 && def.lower.kind !== "region")
    fail(at(site, op), "an op without meaning for regions has some");
  checkAttrs(site, op, def);
  checkTypes(site, op, def);
}

function checkAttrs(site: Site, op: Op, def: OpDef): void {
  const known = new Set(def.attrNames.map((name) => name.replace("?", "")));
  const stray = Object.keys(op.attrs).find((name) => !known.has(name));
  const missing = def.attrNames.find((name) => !name.endsWith("?") && op.attrs[name] === undefined);
  if (stray !== undefined)
    fail(at(site, op), "unknown attribute", { expected: [...known].join(", "), got: stray });
  if (missing !== undefined) fail(at(site, op), "missing attribute", { expected: missing });
}

function checkTypes(site: Site, op: Op, def: OpDef): void {
  const inferred = inferTypes(site, op, def);
  const same =
    inferred.length === op.results.length &&
    inferred.every((type, i) => equalTypes(type, op.results[i].type));
  if (same) return;
  const print = (types: readonly TensorType[]): string => types.map(printType).join(", ");
  fail(at(site, op), "result types are not the inferred ones", {
    expected: print(inferred),
    got: print(op.results.map((result) => result.type)),
  });
}

function inferTypes(site: Site, op: Op, def: OpDef): readonly TensorType[] {
  try {
    return def.infer(
      op.operands.map((operand) => operand.type),
      op.attrs,
      op.regions,
    );
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return fail(at(site, op), `operands or attributes do not fit: ${error.message}`);
  }
}
