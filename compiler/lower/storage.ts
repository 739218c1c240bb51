/**
 * Where values live. Reshapes share the memory of what they reshape; the parts of a join lie inside it; results that are outputs or the next
 * value of a state are written where they belong. Everything else is a temporary.
 */

import { equalExprs } from "../../ir/affine.ts";
import { type Dim, mulDims, productOf } from "../../ir/dim.ts";
import { byteWidth } from "../../ir/dtype.ts";
import type { Func, Value } from "../../ir/graph.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Region } from "../../ir/program.ts";
import { visitExprs, visitStmts } from "../../ir/walk-kernel.ts";
import { loweringOf } from "./group.ts";
import type { Launch } from "./launches.ts";

/** A piece of memory of its own; several values may lie in it. */
export interface Home {
  readonly name: string;
  readonly region: Region;
  readonly bytes: Dim;
  /** Bytes from the start of the region, where that is known before planning. */
  readonly offset?: number;
}

export interface Place {
  readonly home: Home;
  /** Bytes from the start of the home. */
  readonly offset: number;
}

/** Memory that has to be copied to where it belongs once all launches are done. */
export interface FinalCopy {
  readonly from: Place;
  readonly to: Place;
  readonly value: Value;
}

export interface Storage {
  readonly places: ReadonlyMap<Value, Place>;
  readonly copies: readonly FinalCopy[];
  /** Parts of joins that are no launch's result, and have to be copied in. */
  readonly joins: readonly FinalCopy[];
}

export const bytesOf = (value: Value): Dim =>
  mulDims(productOf(value.type.shape), byteWidth(value.type.dtype));

/** Offsets of parameters and states, by path. */
export type FieldOffsets = ReadonlyMap<
  string,
  { readonly region: "weights" | "state"; readonly offset: number }
>;

export function assignStorage(
  func: Func,
  launches: readonly Launch[],
  ops: OpTable,
  fields: FieldOffsets,
): Storage {
  return new Assignment(func, launches, ops, fields).run();
}

class Assignment {
  private readonly places = new Map<Value, Place>();
  private readonly names = new Map<string, number>();
  private readonly copies: FinalCopy[] = [];
  private readonly joins: FinalCopy[] = [];
  private readonly made: ReadonlySet<Value>;
  private readonly func: Func;
  private readonly launches: readonly Launch[];
  private readonly ops: OpTable;
  private readonly fields: FieldOffsets;

  constructor(func: Func, launches: readonly Launch[], ops: OpTable, fields: FieldOffsets) {
    this.func = func;
    this.launches = launches;
    this.ops = ops;
    this.fields = fields;
    this.made = new Set(launches.flatMap(({ results }) => results));
  }

  run(): Storage {
    this.placeArguments();
    this.placeResults();
    this.placeJoins();
    for (const { results } of this.launches) for (const value of results) this.placeOf(value);
    for (const op of this.func.body.ops) for (const value of op.results) this.placeOf(value);
    return { places: this.places, copies: this.copies, joins: this.joins };
  }

  private placeArguments(): void {
    let input = 0;
    this.func.body.args.forEach((arg, i) => {
      const role = this.func.args[i];
      if (role.kind === "input") {
        const home: Home = {
          name: role.name,
          region: { kind: "input", index: input++ },
          bytes: bytesOf(arg),
          offset: 0,
        };
        this.places.set(arg, { home, offset: 0 });
      } else this.places.set(arg, this.fieldPlace(role.path, arg));
    });
  }

  private fieldPlace(path: string, value: Value): Place {
    const field = this.fields.get(path);
    const region = field?.region ?? "weights";
    return {
      home: { name: path, region: { kind: region }, bytes: bytesOf(value), offset: field?.offset ?? 0 },
      offset: 0,
    };
  }

  /** Results are computed in place where nothing stands against it, else copied there in the end. */
  private placeResults(): void {
    let output = 0;
    this.func.body.returns.forEach((value, i) => {
      const role = this.func.results[i];
      const to: Place =
        role.kind === "output"
          ? {
              home: {
                name: role.name,
                region: { kind: "output", index: output++ },
                bytes: bytesOf(value),
                offset: 0,
              },
              offset: 0,
            }
          : this.fieldPlace(role.path, value);
      const root = this.rootOf(value);
      const direct =
        this.made.has(root) &&
        !this.places.has(root) &&
        (role.kind !== "state" || this.canOverwrite(root, role.path));
      if (direct) this.places.set(root, to);
      else if (!this.isAlready(root, to)) this.copies.push({ from: this.placeOf(value), to, value });
    });
  }

  private isAlready(root: Value, to: Place): boolean {
    const place = this.places.get(root);
    return (
      place?.home.name === to.home.name &&
      place.home.region.kind === to.home.region.kind &&
      place.offset === to.offset
    );
  }

  /** The value whose memory a chain of reshapes shares. */
  private rootOf(value: Value): Value {
    if (value.kind === "arg" || loweringOf(value.op, this.ops).kind !== "alias") return value;
    return this.rootOf(value.op.operands[0]);
  }

  /**
   * The launch that makes the next state may write over the present one when it is the last to read it, and reads each element only to
   * write that same element.
   */
  private canOverwrite(value: Value, path: string): boolean {
    const present = this.func.body.args.find((_, i) => {
      const role = this.func.args[i];
      return role.kind === "state" && role.path === path;
    });
    const maker = this.launches.findIndex(({ results }) => results.includes(value));
    if (present === undefined || maker < 0) return false;
    const readers = this.launches.flatMap(({ operands }, i) => (operands.includes(present) ? [i] : []));
    const returned = this.func.body.returns.some((other) => this.rootOf(other) === present);
    if (returned || readers.some((reader) => reader > maker)) return false;
    return !readers.includes(maker) || readsWhereItWrites(this.launches[maker], present, value);
  }

  private placeJoins(): void {
    for (const op of this.func.body.ops) {
      if (loweringOf(op, this.ops).kind !== "join") continue;
      const [whole] = op.results;
      const { home, offset } = this.placeOf(whole);
      let start = offset;
      for (const part of op.operands) {
        const root = this.rootOf(part);
        const place = { home, offset: start };
        if (this.made.has(root) && !this.places.has(root)) this.places.set(root, place);
        else this.joins.push({ from: this.placeOf(part), to: place, value: part });
        start += Number(bytesOf(part));
      }
    }
  }

  /** Memory in the arena, under a name of its own. */
  private temporary(value: Value): Home {
    const base = value.kind === "arg" ? (value.name ?? "arg") : value.op.loc || value.op.name;
    const count = this.names.get(base) ?? 0;
    this.names.set(base, count + 1);
    return {
      name: count === 0 ? base : `${base} ${count + 1}`,
      region: { kind: "arena" },
      bytes: bytesOf(value),
    };
  }

  private placeOf(value: Value): Place {
    const root = this.rootOf(value);
    const known = this.places.get(root);
    const place = known ?? { home: this.temporary(root), offset: 0 };
    this.places.set(root, place);
    this.places.set(value, place);
    return place;
  }
}

/** In the launch's kernel, every load of `present` is at the index of the store that writes `value`. */
function readsWhereItWrites({ kernel, operands, results }: Launch, present: Value, value: Value): boolean {
  const from = kernel.params[operands.indexOf(present)].buffer;
  const to = kernel.params[operands.length + results.indexOf(value)].buffer;
  const indices: (readonly Expr[])[] = [];
  visitStmts(kernel.body, (stmt) => {
    if (stmt.kind === "store" && stmt.buffer === to) indices.push(stmt.index);
  });
  let same = indices.length === 1;
  visitExprs(kernel.body, (expr) => {
    if (expr.kind !== "load" || expr.buffer !== from) return;
    same &&= expr.index.every((index, axis) => equalExprs(index, indices[0][axis]));
  });
  return same;
}
