/**
 * The dialect `kt` for a real mlir-opt, as an IRDL file (`mlir-opt --irdl-file`): MLIR then verifies names, numbers of operands, results
 * and regions, and required attributes, instead of waving unregistered ops through.
 *
 * IRDL fixes the number of operands of different types, so ops of variable arity are declared once for each arity that occurs in the
 * module (see `nameInText`). Optional attributes are left open.
 */
import type { Block, Module, Op } from "../graph.ts";
import type { OpDef, OpTable } from "../op.ts";
import { nameInText } from "./graph-print.ts";

/** An op as MLIR is to know it. */
export interface OpDescriptor {
  /** In text, without the dialect. */
  readonly name: string;
  readonly operands: number;
  readonly results: number;
  readonly regions: number;
  /** The required ones. */
  readonly attrs: readonly string[];
}

/** What a module needs declared: all ops of fixed arity, and those of variable arity as it uses them. */
export function describeOps(ops: OpTable, module: Module): OpDescriptor[] {
  const descriptors = new Map<string, OpDescriptor>();
  for (const def of ops.values()) {
    const fixed = describeFixed(def);
    if (fixed !== undefined) descriptors.set(fixed.name, fixed);
  }
  const visit = (block: Block): void => {
    for (const op of block.ops) {
      const descriptor = describeUse(op, ops);
      if (descriptor !== undefined && !descriptors.has(descriptor.name))
        descriptors.set(descriptor.name, descriptor);
      op.regions.forEach(visit);
    }
  };
  for (const func of module.funcs) visit(func.body);
  return [...descriptors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const requiredAttrs = (def: OpDef): string[] => def.attrNames.filter((name) => !name.endsWith("?"));

/** From the definition alone; its samples tell how many results there are. */
function describeFixed(def: OpDef): OpDescriptor | undefined {
  const [sample] = def.samples;
  if (def.arity[0] !== def.arity[1] || sample === undefined) return undefined;
  const results = def.infer(sample.operands, sample.attrs, []).length;
  return { name: def.name, operands: def.arity[0], results, regions: 0, attrs: requiredAttrs(def) };
}

function describeUse(op: Op, ops: OpTable): OpDescriptor | undefined {
  const def = ops.get(op.name);
  if (def === undefined || op.operands.length < def.arity[0] || op.operands.length > def.arity[1])
    return undefined;
  return {
    name: nameInText(op, ops),
    operands: op.operands.length,
    results: op.results.length,
    regions: op.regions.length,
    attrs: requiredAttrs(def),
  };
}

/** The IRDL file. */
export function printIrdl(descriptors: readonly OpDescriptor[]): string {
  const dims = `  irdl.attribute @dims {\n    %0 = irdl.base "#builtin.string"\n    irdl.parameters(%0)\n  }\n`;
  return `irdl.dialect @kt {\n${dims}${descriptors.map(printOp).join("")}}\n`;
}

function printOp({ name, operands, results, regions, attrs }: OpDescriptor): string {
  const lines: string[] = [];
  let next = 0;
  // Each constraint stands for one type: a shared one would demand equal types.
  const make = (constraint: string): string => {
    lines.push(`%${next} = ${constraint}`);
    return `%${next++}`;
  };
  const all = (count: number, constraint = "irdl.any"): string[] =>
    Array.from({ length: count }, () => make(constraint));
  const declare = (what: string, values: readonly string[]): void => {
    if (values.length > 0) lines.push(`irdl.${what}(${values.join(", ")})`);
  };
  declare("operands", all(operands));
  declare("results", all(results));
  declare("regions", all(regions, "irdl.region"));
  const entries = attrs.map((attr) => `"${attr}" = ${make("irdl.any")}`);
  if (entries.length > 0) lines.push(`irdl.attributes { ${entries.join(", ")} }`);
  return `  irdl.operation @"${name}" {\n${lines.map((line) => `    ${line}\n`).join("")}  }\n`;
}
