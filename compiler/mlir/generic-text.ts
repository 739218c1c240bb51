/**
 * A nest as linalg.generic. Operands that are read at sums of loop variables come in by their index maps, which MLIR's passes understand;
 * what is read at any other place is read inside, by tensor.extract.
 */
import { equalExprs, toAffine } from "../../ir/affine.ts";
import { type Dim, equalDims } from "../../ir/dim.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Buffer, Expr, Var } from "../../ir/kernel.ts";
import { operandsOf } from "../../ir/walk-kernel.ts";
import { type FuncText, tensorText } from "./func-text.ts";
import type { Nest } from "./nest.ts";
import { ScalarText, signless } from "./scalar-text.ts";

type Load = Extract<Expr, { kind: "load" }>;

/** An operand read through an index map. */
interface Mapped {
  readonly load: Load;
  readonly map: string;
  readonly value: string;
}

/** Writes the nest; `operands` are the names of what its buffers stand for. Gives the names of the results. */
export function writeGeneric(text: FuncText, nest: Nest, operands: readonly string[]): string[] {
  return new GenericWriter(text, nest, operands).write();
}

class GenericWriter {
  private readonly text: FuncText;
  private readonly nest: Nest;
  private readonly operands: readonly string[];
  private readonly loops: readonly { readonly variable: Var; readonly extent: Dim }[];
  private readonly mapped: Mapped[] = [];
  private readonly states = new Map<Var, string>();
  private readonly indices = new Map<Var, string>();

  constructor(text: FuncText, nest: Nest, operands: readonly string[]) {
    this.text = text;
    this.nest = nest;
    this.operands = operands;
    this.loops = [...nest.parallel, ...nest.reduction];
  }

  write(): string[] {
    this.nest.values.forEach((value) => void this.collect(value, new Set()));
    const windows = this.windowShape();
    const outputs = this.outputs();
    const { results } = this.nest;
    const ins = [
      ...this.mapped.map(({ load, value }) => ({ value, type: tensorText(load.buffer) })),
      ...windows,
    ];
    const outs = outputs.map((value, i) => ({ value, type: tensorText(results[i]) }));
    const name = this.text.fresh();
    const count = results.length === 1 ? "" : `:${results.length}`;
    const types = outs.map(({ type }) => type);
    const close = `} -> ${types.length === 1 ? types[0] : `(${types.join(", ")})`}`;
    const head = `linalg.generic {indexing_maps = [${this.maps(windows.length > 0)}], iterator_types = [${this.iterators()}]}`;
    const clause = (word: string, list: readonly { value: string; type: string }[]): string =>
      list.length === 0
        ? ""
        : ` ${word}(${list.map((o) => o.value).join(", ")} : ${list.map((o) => o.type).join(", ")})`;
    this.text.nest(
      `${name}${count} = ${head}${clause("ins", ins)}${clause("outs", outs)} {`,
      () => this.body(windows.length),
      close,
    );
    return results.map((_, i) => (results.length === 1 ? name : `${name}#${i}`));
  }

  /** Finds the loads that have an index map; each gets a place among the operands. */
  private collect(expr: Expr, seen: Set<Expr>): void {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "load" && this.place(expr) === undefined) {
      const map = this.mapOf(expr);
      if (map !== undefined) {
        this.mapped.push({ load: expr, map, value: this.operandOf(expr.buffer) });
        return;
      }
    }
    operandsOf(expr).forEach((operand) => void this.collect(operand, seen));
  }

  private place(expr: Load): number | undefined {
    const at = this.mapped.findIndex(({ load }) => equalExprs(load, expr));
    return at < 0 ? undefined : at;
  }

  private operandOf(buffer: Buffer): string {
    return this.operands[this.nest.operands.indexOf(buffer)];
  }

  /** The results of an index map, where every index is a sum of loop variables. */
  private mapOf({ index, buffer }: Load): string | undefined {
    const parts = index.map((expr, axis) => {
      const { constant, terms } = toAffine(expr);
      const words = terms.map(({ coefficient, atom }) => {
        const at = atom.kind === "var" ? this.loops.findIndex(({ variable }) => variable === atom.var) : -1;
        return at < 0 ? undefined : coefficient === 1 ? `d${at}` : `d${at} * ${coefficient}`;
      });
      if (words.includes(undefined)) return undefined;
      const sum = [...words, ...(constant !== 0 || words.length === 0 ? [String(constant)] : [])].join(" + ");
      // MLIR takes an axis that is one loop for how far that loop runs.
      const alone = /^d(\d+)$/.exec(sum)?.[1];
      const fits = alone === undefined || equalDims(this.loops[Number(alone)].extent, buffer.shape[axis]);
      return fits ? sum : undefined;
    });
    return parts.includes(undefined) ? undefined : parts.join(", ");
  }

  private maps(hasWindow: boolean): string {
    const dims = this.loops.map((_, i) => `d${i}`);
    const parallel = dims.slice(0, this.nest.parallel.length).join(", ");
    const maps = [
      ...this.mapped.map(({ map }) => map),
      ...(hasWindow
        ? [
            this.openLoops()
              .map((at) => `d${at}`)
              .join(", "),
          ]
        : []),
      ...this.nest.results.map(() => parallel),
    ];
    return maps.map((map) => `affine_map<(${dims.join(", ")}) -> (${map})>`).join(", ");
  }

  private iterators(): string {
    return [
      ...this.nest.parallel.map(() => '"parallel"'),
      ...this.nest.reduction.map(() => '"reduction"'),
    ].join(", ");
  }

  /** Reduction loops that no operand is indexed with alone: MLIR cannot see how far they run. */
  private openLoops(): number[] {
    const first = this.nest.parallel.length;
    const alone = new Set(this.mapped.flatMap(({ map }) => map.split(", ")));
    return this.nest.reduction.flatMap((_, i) => (alone.has(`d${first + i}`) ? [] : [first + i]));
  }

  /** An operand without contents whose shape says how far the open loops run, as linalg's own pooling has it. */
  private windowShape(): { value: string; type: string }[] {
    const open = this.openLoops();
    if (open.length === 0) return [];
    const type = { dtype: "f32", shape: open.map((at) => this.loops[at].extent) } as const;
    return [{ value: this.text.empty(type), type: tensorText(type) }];
  }

  /** Where results go: for reductions filled with what they begin with. */
  private outputs(): string[] {
    const { results, init } = this.nest;
    return results.map((type, i) => {
      const empty = this.text.empty(type);
      if (init.length === 0) return empty;
      const value = this.scalars().write(init[i]);
      const element = signless(type.dtype);
      return this.text.emit(
        `linalg.fill ins(${value} : ${element}) outs(${empty} : ${tensorText(type)}) -> ${tensorText(type)}`,
      );
    });
  }

  private body(windows: number): void {
    const { results, state, values } = this.nest;
    const ins = this.mapped.map(({ load }) => ({ name: this.text.fresh(), type: signless(load.dtype) }));
    const ignored = Array.from({ length: windows }, () => ({ name: this.text.fresh(), type: "f32" }));
    const outs = results.map(({ dtype }) => ({ name: this.text.fresh(), type: signless(dtype) }));
    state.forEach((variable, i) => void this.states.set(variable, outs[i].name));
    const args = [...ins, ...ignored, ...outs].map(({ name, type }) => `${name}: ${type}`);
    this.text.line(`^bb0(${args.join(", ")}):`);
    const scalars = this.scalars(ins.map(({ name }) => name));
    const names = values.map((value) => scalars.write(value));
    this.text.line(
      `linalg.yield ${names.join(", ")} : ${results.map(({ dtype }) => signless(dtype)).join(", ")}`,
    );
  }

  private scalars(ins: readonly string[] = []): ScalarText {
    return new ScalarText(this.text.emit, {
      variable: ({ var: variable }) => this.states.get(variable) ?? this.index(variable),
      load: (expr, index) => {
        const at = this.place(expr);
        if (at !== undefined) return ins[at];
        const { buffer } = expr;
        return this.text.emit(
          `tensor.extract ${this.operandOf(buffer)}[${expr.index.map(index).join(", ")}] : ${tensorText(buffer)}`,
        );
      },
    });
  }

  /** A loop variable or a size, as i32. */
  private index(variable: Var): string {
    const known = this.indices.get(variable);
    if (known !== undefined) return known;
    const at = this.loops.findIndex((loop) => loop.variable === variable);
    const symbol = [...this.nest.sizes].find(([, size]) => size === variable)?.[0];
    if (at < 0 && symbol === undefined) throw new CompilerBug("mlir", `unknown variable ${variable.name}`);
    const value =
      at >= 0
        ? this.text.emit(`linalg.index ${at} : index`)
        : this.text.size({ terms: [{ coefficient: 1, symbols: [symbol ?? ""] }] });
    const name = this.text.emit(`arith.index_cast ${value} : index to i32`);
    this.indices.set(variable, name);
    return name;
  }
}
