/**
 * Kernels written by hand (sorting, factorizations) as scf loops over memrefs. Tensors become memory at the border and tensors again behind.
 */
import { isStatic, symbolsOf } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import {
  type Buffer,
  type Expr,
  load,
  makeBuffer,
  makeVar,
  read,
  type Stmt,
  type Var,
} from "../../ir/kernel.ts";
import type { LowerContext, Lowering } from "../../ir/op.ts";
import type { TensorType } from "../../ir/type.ts";
import { type FuncText, memrefText } from "./func-text.ts";
import { ScalarText } from "./scalar-text.ts";

type HandBuilt = Extract<Lowering, { kind: "kernel" }>;

/** Writes the loops; gives the names of the results. */
export function writeLoops(
  text: FuncText,
  op: Op,
  lowering: HandBuilt,
  operands: readonly string[],
): string[] {
  return new LoopsWriter(text).write(op, lowering, operands);
}

class LoopsWriter {
  private readonly text: FuncText;
  private readonly buffers = new Map<Buffer, string>();
  private readonly variables = new Map<Var, string>();
  private readonly sizes = new Map<string, Var>();

  constructor(text: FuncText) {
    this.text = text;
  }

  write(op: Op, lowering: HandBuilt, operands: readonly string[]): string[] {
    const context = this.context(op);
    const inputs = op.operands.map(({ type }, i) => {
      const input = makeBuffer(`x${i}`, type.dtype, type.shape, "global");
      this.buffers.set(
        input,
        this.text.emit(`bufferization.to_memref ${operands[i]} read_only : ${memrefText(type)}`),
      );
      return input;
    });
    const results = op.results.map(({ type }, i) => this.allocate(`out${i}`, type));
    const scratch = (lowering.scratch?.(context) ?? []).map((type, i) => this.allocate(`scratch${i}`, type));
    const nest = lowering.build(context, (operand, index) => load(inputs[operand], index), {
      results,
      scratch,
    });
    for (const [symbol, variable] of this.sizes) {
      const size = this.text.size({ terms: [{ coefficient: 1, symbols: [symbol] }] });
      this.variables.set(variable, this.text.emit(`arith.index_cast ${size} : index to i32`));
    }
    this.statements([nest]);
    return results.map((result) =>
      this.text.emit(`bufferization.to_tensor ${this.buffers.get(result)} restrict : ${memrefText(result)}`),
    );
  }

  private context(op: Op): LowerContext {
    const size = (dim: TensorType["shape"][number]): Expr => {
      if (isStatic(dim)) return { kind: "const", dtype: "i32", lanes: 1, value: dim };
      const [symbol] = symbolsOf([dim]);
      const variable = this.sizes.get(symbol) ?? makeVar(symbol);
      this.sizes.set(symbol, variable);
      const isPlain =
        dim.terms.length === 1 && dim.terms[0].coefficient === 1 && dim.terms[0].symbols.length === 1;
      if (!isPlain) throw new CompilerBug("mlir", "loops over a compound size");
      return read(variable);
    };
    return {
      attrs: op.attrs,
      operands: op.operands.map(({ type }) => type),
      results: op.results.map(({ type }) => type),
      extent: size,
      total: size,
    };
  }

  private allocate(name: string, type: TensorType): Buffer {
    const buffer = makeBuffer(name, type.dtype, type.shape, "global");
    this.declare(buffer);
    return buffer;
  }

  private declare(buffer: Buffer): void {
    this.buffers.set(
      buffer,
      this.text.emit(`memref.alloc(${this.text.dynamicSizes(buffer.shape)}) : ${memrefText(buffer)}`),
    );
  }

  private statements(body: readonly Stmt[]): void {
    for (const stmt of body) this.statement(stmt);
  }

  private statement(stmt: Stmt): void {
    // Memory changes between statements, so nothing read in one is used in the next.
    const scalars = this.scalars();
    switch (stmt.kind) {
      case "for":
        return this.loop(stmt, scalars);
      case "let":
        this.variables.set(stmt.var, scalars.write(stmt.value));
        return;
      case "store": {
        const value = scalars.write(stmt.value);
        const index = stmt.index.map(scalars.index).join(", ");
        return this.text.line(
          `memref.store ${value}, ${this.bufferName(stmt.buffer)}[${index}] : ${memrefText(stmt.buffer)}`,
        );
      }
      case "if": {
        const close = stmt.otherwise.length === 0 ? "}" : "} else {";
        this.text.nest(`scf.if ${scalars.write(stmt.cond)} {`, () => this.statements(stmt.then), close);
        if (stmt.otherwise.length > 0) this.text.indented(() => this.statements(stmt.otherwise));
        return;
      }
      case "alloc":
        return this.declare(stmt.buffer);
      default:
        throw new CompilerBug("mlir", `a ${stmt.kind} in a kernel that is not scheduled yet`);
    }
  }

  private loop(stmt: Extract<Stmt, { kind: "for" }>, scalars: ScalarText): void {
    const zero = this.text.emit("arith.constant 0 : index");
    const one = this.text.emit("arith.constant 1 : index");
    const extent = scalars.index(stmt.extent);
    const counter = this.text.fresh();
    this.text.nest(`scf.for ${counter} = ${zero} to ${extent} step ${one} {`, () => {
      this.variables.set(stmt.var, this.text.emit(`arith.index_cast ${counter} : index to i32`));
      this.statements(stmt.body);
    });
  }

  private bufferName(buffer: Buffer): string {
    const name = this.buffers.get(buffer);
    if (name === undefined) throw new CompilerBug("mlir", `no memory for ${buffer.name}`);
    return name;
  }

  private scalars(): ScalarText {
    return new ScalarText(this.text.emit, {
      variable: ({ var: variable }) => {
        const name = this.variables.get(variable);
        if (name === undefined) throw new CompilerBug("mlir", `${variable.name} has no value`);
        return name;
      },
      load: ({ buffer, index: at }, index) =>
        this.text.emit(
          `memref.load ${this.bufferName(buffer)}[${at.map(index).join(", ")}] : ${memrefText(buffer)}`,
        ),
    });
  }
}
