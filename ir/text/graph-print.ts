/**
 * The graph IR as MLIR, in generic form:
 *
 *     module {
 *       "func.func"() <{arg_attrs = [{kt.input = "x"}, {kt.param = "dense/kernel"}], function_type = (…) -> …, …}> ({
 *       ^bb0(%x: tensor<?x8xf32, #kt.dims<"n, 8">>, %arg1: tensor<8x4xf32>):
 *         %0 = "kt.contract"(%x, %arg1) {spec = "n k, k o -> n o"} : (…) -> tensor<?x4xf32, #kt.dims<"n, 4">>
 *         "func.return"(%0) : (…) -> ()
 *       }) : () -> ()
 *     }
 *
 * Functions are MLIR's own; roles of arguments and results are attributes of theirs. Regions of our ops end in `vector.yield`, the one
 * terminator of MLIR that asks nothing of the op around. Attributes are sorted and stand in the plain dictionary, not in `<{…}>`: ops
 * that mlir-opt learns from an IRDL file have no properties. IRDL cannot say "any number of operands of different types" either, so with
 * `ops` given, an op of variable arity carries its numbers of operands and results in its name (`kt.concat.3`), and `irdl.ts` declares
 * it for just these. `parseModule` reads both forms.
 */
import type { ArgRole, Block, Func, Module, Op, OpResult, ResultRole, Value } from "../graph.ts";
import type { OpTable } from "../op.ts";
import { printAttrs, Resources } from "./mlir-attrs.ts";
import { printFunctionType, printTensorType } from "./mlir-types.ts";
import { quote } from "./reader.ts";

export interface GraphPrintOptions {
  /** Print where ops come from. */
  readonly locations?: boolean;
  /** Say the arity in the names of ops whose arity varies: what a real mlir-opt can verify. */
  readonly ops?: OpTable;
}

export function printModule(module: Module, options: GraphPrintOptions = {}): string {
  const resources = new Resources();
  const funcs = module.funcs.map((func) => new FuncPrinter(options, resources).print(func));
  return `module {\n${funcs.join("")}}\n${resources.print()}`;
}

/** The name of an op in text, without the dialect: `exp`, or `concat.3` where the arity varies. */
export function nameInText(op: Op, ops: OpTable | undefined): string {
  const def = ops?.get(op.name);
  if (def === undefined || (def.arity[0] === def.arity[1] && op.regions.length === 0)) return op.name;
  const results = op.regions.length > 0 ? `.${op.results.length}` : "";
  return `${op.name}.${op.operands.length}${results}`;
}

/** A printed identifier: hints may hold anything. */
const identifier = (hint: string): string => hint.replace(/[^\w.$-]/g, "_").replace(/^(?![A-Za-z_])/, "_");

class FuncPrinter {
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  private readonly options: GraphPrintOptions;
  private readonly resources: Resources;
  private args = 0;
  private results = 0;

  constructor(options: GraphPrintOptions, resources: Resources) {
    this.options = options;
    this.resources = resources;
  }

  print({ name, args, results, body }: Func): string {
    const properties = [
      ...(args.length > 0 ? [`arg_attrs = [${args.map(printRole).join(", ")}]`] : []),
      `function_type = ${printFunctionType({ inputs: body.args.map((arg) => arg.type), results: body.returns.map((value) => value.type) })}`,
      ...(results.length > 0 ? [`res_attrs = [${results.map(printRole).join(", ")}]`] : []),
      `sym_name = ${quote(name)}`,
    ];
    return `  "func.func"() <{${properties.join(", ")}}> (${this.region(body, "func.return", "  ")}) : () -> ()\n`;
  }

  /** `({ ... })` without the parentheses; the closing brace is at `indent`. */
  private region(block: Block, terminator: string, indent: string): string {
    const args = block.args.map((arg) => `${this.nameArg(arg.name, arg)}: ${printTensorType(arg.type)}`);
    const label = args.length > 0 ? `${indent}^bb0(${args.join(", ")}):\n` : "";
    const inner = `${indent}  `;
    const ops = block.ops.map((op) => this.op(op, inner));
    const types = block.returns.map((value) => printTensorType(value.type)).join(", ");
    const end = `${inner}"${terminator}"(${this.uses(block.returns)}) : (${types}) -> ()\n`;
    return `{\n${label}${ops.join("")}${end}${indent}}`;
  }

  private op(op: Op, indent: string): string {
    const operands = this.uses(op.operands);
    const regions = op.regions.map((region) => this.region(region, "vector.yield", indent));
    const type = printFunctionType({
      inputs: op.operands.map((v) => v.type),
      results: op.results.map((r) => r.type),
    });
    const attrs = printAttrs(op.attrs, this.resources);
    const name = quote(`kt.${nameInText(op, this.options.ops)}`);
    const loc = this.options.locations && op.loc !== "" ? ` loc(${quote(op.loc)})` : "";
    const text = `${name}(${operands})${regions.length > 0 ? ` (${regions.join(", ")})` : ""}${attrs} : ${type}${loc}`;
    return `${indent}${this.nameResults(op.results)}${text}\n`;
  }

  private uses(values: readonly Value[]): string {
    return values.map((value) => this.names.get(value) ?? "%undefined").join(", ");
  }

  /** `%image`, where the argument has a name of its own, else `%arg0`. */
  private nameArg(hint: string | undefined, arg: Value): string {
    const wanted = hint === undefined ? undefined : `%${identifier(hint)}`;
    const isFree = wanted !== undefined && !this.taken.has(wanted) && !/^%arg\d+$/.test(wanted);
    let name = wanted ?? "";
    if (!isFree) {
      do name = `%arg${this.args++}`;
      while (this.taken.has(name));
    }
    this.taken.add(name);
    this.names.set(arg, name);
    return name;
  }

  /** `%3 = `, or `%3:2 = ` for two results, which are used as `%3#0` and `%3#1`. */
  private nameResults(results: readonly OpResult[]): string {
    if (results.length === 0) return "";
    const name = `%${this.results++}`;
    if (results.length === 1) this.names.set(results[0], name);
    else results.forEach((result, i) => this.names.set(result, `${name}#${i}`));
    return results.length === 1 ? `${name} = ` : `${name}:${results.length} = `;
  }
}

const printRole = (role: ArgRole | ResultRole): string =>
  `{kt.${role.kind} = ${quote("path" in role ? role.path : role.name)}}`;
