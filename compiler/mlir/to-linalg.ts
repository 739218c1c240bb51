/**
 * The bridge out: a module of ours in MLIR's dialects linalg, tensor, arith, math (and scf and memref where an op is loops written by
 * hand). Every op goes by its `lower`, none by its name; constants are the one exception, for they are literals.
 */
import { CompilerBug, Unsupported } from "../../ir/errors.ts";
import type { ArgRole, Block, Func, Module, Op, ResultRole, Value } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import { Resources } from "../../ir/text/mlir-attrs.ts";
import { quote } from "../../ir/text/reader.ts";
import { writeControl } from "./control-text.ts";
import { FuncText, tensorText } from "./func-text.ts";
import { writeGeneric } from "./generic-text.ts";
import { writeLoops } from "./loops-text.ts";
import { nestOf } from "./nest.ts";
import { writeReshape } from "./reshape-text.ts";

export interface LinalgOptions {
  readonly ops: OpTable;
  /** Parameters that become constants; the others are arguments. */
  readonly values?: ReadonlyMap<string, NDArray>;
}

/** The module as text. Throws Unsupported for what MLIR has no words for. */
export function toLinalg(module: Module, options: LinalgOptions): string {
  const resources = new Resources();
  const funcs = module.funcs.map((func) => writeFunc(func, options, resources));
  return `module {\n${funcs.join("")}}\n${resources.print()}`;
}

function writeFunc(func: Func, { ops, values = new Map() }: LinalgOptions, resources: Resources): string {
  const text = new FuncText(resources);
  const names = new Map<Value, string>();
  const params: string[] = [];
  const constants: { readonly arg: Value; readonly array: NDArray }[] = [];
  func.body.args.forEach((arg, i) => {
    const role = func.args[i];
    const known = role.kind === "param" || role.kind === "prepared" ? values.get(role.path) : undefined;
    if (known !== undefined) {
      constants.push({ arg, array: known });
      return;
    }
    const name = `%arg${params.length}`;
    names.set(arg, name);
    params.push(`${name}: ${tensorText(arg.type)} ${roleText(role, arg.type.dtype)}`);
  });
  for (const [arg, name] of names)
    arg.type.shape.forEach((dim, axis) => void text.bind(dim, name, arg.type, axis));
  for (const { arg, array } of constants) names.set(arg, text.constant(array));
  writeOps(text, func.body.ops, names, ops);
  const returned = func.body.returns.map((value) => nameOf(names, value));
  const types = func.body.returns.map(({ type }) => tensorText(type));
  text.line(`return${returned.length > 0 ? ` ${returned.join(", ")} : ${types.join(", ")}` : ""}`);
  const results = func.body.returns.map(
    ({ type }, i) => `${types[i]} ${roleText(func.results[i], type.dtype)}`,
  );
  return `  func.func @${symbolText(func.name)}(${params.join(", ")}) -> (${results.join(", ")}) {\n${text.print()}  }\n`;
}

const symbolText = (name: string): string => (/^[A-Za-z_][\w.$]*$/.test(name) ? name : quote(name));

/** What an argument or result is, and its dtype where MLIR's type says less. */
function roleText(role: ArgRole | ResultRole, dtype: Value["type"]["dtype"]): string {
  const said = `kt.${role.kind} = ${quote("path" in role ? role.path : role.name)}`;
  return /^u/.test(dtype) ? `{${said}, kt.dtype = "${dtype}"}` : `{${said}}`;
}

function nameOf(names: ReadonlyMap<Value, string>, value: Value): string {
  const name = names.get(value);
  if (name === undefined) throw new CompilerBug("mlir", "a value is used before it is made");
  return name;
}

function writeOps(text: FuncText, list: readonly Op[], names: Map<Value, string>, ops: OpTable): void {
  for (const op of list) {
    const operands = op.operands.map((operand) => nameOf(names, operand));
    const results = writeOp(text, op, operands, ops);
    op.results.forEach((result, i) => void names.set(result, results[i]));
  }
}

/** A region in the place where its op stands: it uses nothing but its arguments. */
function writeBlock(text: FuncText, block: Block, args: readonly string[], ops: OpTable): readonly string[] {
  const names = new Map<Value, string>(block.args.map((arg, i) => [arg, args[i]]));
  writeOps(text, block.ops, names, ops);
  return block.returns.map((value) => nameOf(names, value));
}

function writeOp(text: FuncText, op: Op, operands: readonly string[], ops: OpTable): readonly string[] {
  const lowering = ops.get(op.name)?.lower;
  const { value } = op.attrs;
  if (op.operands.length === 0 && typeof value === "object" && "data" in value) return [text.constant(value)];
  switch (lowering?.kind) {
    case "alias":
      return [writeReshape(text, operands[0], op.operands[0].type, op.results[0].type.shape)];
    case "join":
      return [writeJoin(text, op, operands, lowering.axis(op.attrs))];
    case "region":
      return writeControl(text, op, lowering.control, operands, (block, args) =>
        writeBlock(text, block, args, ops),
      );
    case "kernel":
      return writeLoops(text, op, lowering, operands);
    case "map":
    case "view":
    case "reduce":
      return writeGeneric(text, nestOf(op, ops), operands);
    default:
      throw new Unsupported("the bridge to linalg", `the op ${op.name}`, { where: op.loc || undefined });
  }
}

/** Operands put one after the other into the result. */
function writeJoin(text: FuncText, op: Op, operands: readonly string[], axis: number): string {
  const [{ type }] = op.results;
  let start = "0";
  let joined = text.empty(type);
  op.operands.forEach((operand, i) => {
    const { shape } = operand.type;
    const sizes = shape.map((dim) => (typeof dim === "number" ? String(dim) : text.size(dim)));
    const offsets = shape.map((_, at) => (at === axis ? start : "0"));
    const strides = shape.map(() => "1");
    joined = text.emit(
      `tensor.insert_slice ${operands[i]} into ${joined}[${offsets.join(", ")}] [${sizes.join(", ")}] [${strides.join(", ")}] : ${tensorText(operand.type)} into ${tensorText(type)}`,
    );
    start = next(text, start, sizes[axis]);
  });
  return joined;
}

/** A sum of two offsets, each a number or a value. */
function next(text: FuncText, a: string, b: string): string {
  const isNumber = (word: string): boolean => !word.startsWith("%");
  if (isNumber(a) && isNumber(b)) return String(Number(a) + Number(b));
  const value = (word: string): string => (isNumber(word) ? text.size(Number(word)) : word);
  return text.emit(`arith.addi ${value(a)}, ${value(b)} : index`);
}
