/**
 * The bridge in: functions on tensors, from any dialect that `words` knows, as a module of ours. Operations become ops one by one; one that
 * nobody knows is named with its place.
 */
import type {
  Attribute,
  Module as MlirModule,
  Value as MlirValue,
  Operation,
  PlainValue,
  Type,
} from "mlir-js";
import { Builder } from "../../ir/builder.ts";
import { type Dim, symbol } from "../../ir/dim.ts";
import { type DType, dtypeNames } from "../../ir/dtype.ts";
import { ModelError, Unsupported } from "../../ir/errors.ts";
import type { BlockArg, Func, Module, Value } from "../../ir/graph.ts";
import type { NDArray } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { arrayOf } from "./elements.ts";
import { dtypeOf, placeOf, unknown } from "./read-scalar.ts";

/** Reads one operation; gives what its results are. */
export type ReadWord = (reader: TensorReader, op: Operation) => readonly Value[];
/** The word for an operation, where a dialect has one. */
export type Words = (operation: string) => ReadWord | undefined;

export interface ReadOptions {
  readonly ops: OpTable;
  readonly words: readonly Words[];
}

/** The module with one function: `main`, or the only one that is there. Throws Unsupported or ModelError, with the place. */
export function readTensors(module: MlirModule, options: ReadOptions): Module {
  const funcs = module.body.operations.filter(({ name }) => name === "func.func");
  const isPublic = funcs.filter((func) => func.attribute("sym_visibility") === undefined);
  const main =
    module.symbol("main") ?? module.symbol("predict") ?? (isPublic.length === 1 ? isPublic[0] : undefined);
  if (main === undefined)
    throw new ModelError("the module has no function to compile", {
      expected: "a func.func @main, or a single one",
      got: funcs.map((func) => `@${func.attribute("sym_name")?.text}`).join(", ") || "none",
    });
  return { funcs: [new TensorReader(module, options.words, new Builder(options.ops)).func(main)] };
}

export class TensorReader {
  readonly b: Builder;
  private readonly module: MlirModule;
  private readonly words: readonly Words[];
  private readonly values = new Map<MlirValue, Value>();

  constructor(module: MlirModule, words: readonly Words[], b: Builder) {
    this.module = module;
    this.words = words;
    this.b = b;
  }

  func(op: Operation): Func {
    const [block] = op.regions[0].blocks;
    const attrs = (op.attribute("arg_attrs")?.toValue() ?? []) as readonly {
      readonly [name: string]: PlainValue;
    }[];
    const names = block.args.map((_, i) => String(attrs[i]?.["kt.input"] ?? `x${i}`));
    const args = block.args.map((arg, i): BlockArg => {
      const type = this.argType(arg.type, op, attrs[i]?.["kt.dtype"]);
      return { kind: "arg", type, name: names[i] };
    });
    args.forEach((arg, i) => {
      // Numbers of a type without sign are computed with one; only the border knows better.
      const { dtype } = this.typeOf(block.args[i].type, op);
      this.values.set(block.args[i], dtype === arg.type.dtype ? arg : this.b.op("bitcast", [arg], { dtype }));
    });
    const returns = this.body(block.operations);
    const outputs = (op.attribute("res_attrs")?.toValue() ?? []) as readonly {
      readonly [name: string]: PlainValue;
    }[];
    return {
      name: "predict",
      body: this.b.block(args, returns),
      args: names.map((name) => ({ kind: "input", name })),
      results: returns.map((_, i) => ({
        kind: "output",
        name: String(outputs[i]?.["kt.output"] ?? `y${i}`),
      })),
    };
  }

  private argType(type: Type, op: Operation, said: PlainValue | undefined): TensorType {
    const { dtype, shape } = this.typeOf(type, op);
    const given = dtypeNames.find((name) => name === said);
    return tensorType(given ?? dtype, shape);
  }

  /** Reads operations in order; gives what the last one returns. */
  private body(operations: readonly Operation[]): readonly Value[] {
    for (const op of operations) {
      if (/^(func|stablehlo)\.return$/.test(op.name))
        return op.operands.map((operand) => this.value(operand));
      this.operation(op);
    }
    return [];
  }

  /** Reads one operation. */
  operation(op: Operation): void {
    const found = this.words.reduce<ReadWord | undefined>((word, words) => word ?? words(op.name), undefined);
    if (op.name !== "func.call" && found === undefined) throw unknown(op);
    this.b.loc = placeOf(op);
    const results = op.name === "func.call" ? this.call(op) : (found?.(this, op) ?? []);
    op.results.forEach((result, i) => void this.values.set(result, results[i]));
  }

  /** What is called is read as if it stood there. */
  private call(op: Operation): readonly Value[] {
    const callee = this.module.symbol(op.attribute("callee")?.text ?? "");
    const block = callee?.regions[0].blocks[0];
    if (block === undefined) throw unknown(op);
    const inner = new TensorReader(this.module, this.words, this.b);
    block.args.forEach((arg, i) => void inner.values.set(arg, this.value(op.operands[i])));
    return inner.body(block.operations);
  }

  // What words ask.

  value(value: MlirValue): Value {
    const known = this.values.get(value);
    if (known !== undefined) return known;
    throw "name" in value.owner ? unknown(value.owner) : new ModelError("a value of another function");
  }

  /** Notes what stands for a value. */
  set(value: MlirValue, known: Value): void {
    this.values.set(value, known);
  }

  operands(op: Operation): readonly Value[] {
    return op.operands.map((operand) => this.value(operand));
  }

  /** A tensor type; a leading `?` is the batch, others are sizes of their own. */
  typeOf(type: Type, op: Operation): TensorType {
    if (type.kind !== "tensor") throw new Unsupported("keratin", `the type ${type}`, { where: placeOf(op) });
    const shape = type.shape.map(
      (size, axis): Dim => (size >= 0 ? size : symbol(axis === 0 ? "n" : `s${axis}`)),
    );
    return tensorType(dtypeOf(type.element, op), shape);
  }

  resultType(op: Operation): TensorType {
    return this.typeOf(op.result.type, op);
  }

  /** The elements of a constant attribute. */
  array(attribute: Attribute | undefined, op: Operation): NDArray {
    const type = attribute?.type;
    const found = type === undefined ? undefined : arrayOf(attribute, this.typeOf(type, op));
    if (found === undefined) throw unknown(op);
    return found;
  }

  /** The numbers of a constant attribute or of a list. */
  numbers(op: Operation, name: string): readonly number[] {
    const attribute = op.attribute(name);
    if (attribute === undefined) throw unknown(op);
    if (attribute.kind === "dense") return Array.from(this.array(attribute, op).data, Number);
    const value = attribute.toValue();
    return Array.isArray(value) ? value.map(Number) : [Number(value)];
  }

  /** The numbers of an operand that is a constant. */
  constantOperand(op: Operation, index: number): NDArray {
    const { owner } = op.operands[index];
    const attribute = "name" in owner ? (owner.attribute("value") ?? owner.attribute("values")) : undefined;
    return this.array(attribute, op);
  }

  cast(value: Value, dtype: DType): Value {
    return this.b.cast(value, dtype);
  }
}
