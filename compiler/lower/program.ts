/**
 * Assembles a fused function into a Program: launches in order, the batch cut into chunks where it can be, memory planned. Kernels are still
 * naive; the target's schedule comes afterwards.
 */
import { addDims, type Dim, symbol, symbolsOf } from "../../ir/dim.ts";
import { byteWidth, type DType } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Func, Value } from "../../ir/graph.ts";
import { sizeOf } from "../../ir/ndarray.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Binding, Port, Program, Slot, Step } from "../../ir/program.ts";
import { type Chunked, chunkBatch, isBatched } from "../passes/chunk-batch.ts";
import { mergeLaunches } from "../passes/merge-launches.ts";
import { planMemory, type Temporary } from "../passes/plan-memory.ts";
import { TOTAL } from "./kernel.ts";
import { BATCH, type Launch, lowerLaunches } from "./launches.ts";
import {
  assignStorage,
  bytesOf,
  type FieldOffsets,
  type FinalCopy,
  type Home,
  type Place,
  type Storage,
} from "./storage.ts";

export interface LowerOptions {
  /** Bytes one chunk of the batch may take in the arena. */
  readonly chunkBytes: number;
  /** Names of passes to leave out: "chunk-batch", "merge-launches". */
  readonly disabled?: ReadonlySet<string>;
  readonly fields: FieldOffsets;
}

/** The symbol that counts the samples of the present chunk. */
const CHUNK = `${BATCH}_chunk`;

export function lowerFunc(func: Func, ops: OpTable, options: LowerOptions): Program {
  return new Assembly(func, ops, options).run();
}

/** A list of launches run one after the other, once or once per chunk. */
interface Section {
  readonly launches: readonly Launch[];
  readonly chunk: number | undefined;
}

class Assembly {
  private readonly func: Func;
  private readonly ops: OpTable;
  private readonly options: LowerOptions;
  private readonly producer = new Map<Value, Launch>();
  /** Temporaries of which the arena holds one chunk only. */
  private readonly chunkHomes = new Map<Home, Dim>();

  constructor(func: Func, ops: OpTable, options: LowerOptions) {
    this.func = func;
    this.ops = ops;
    this.options = options;
  }

  run(): Program {
    const lowered = lowerLaunches(this.func.body, this.ops);
    for (const launch of lowered) for (const result of launch.results) this.producer.set(result, launch);
    this.noteAliases();
    const sections = this.sections(lowered);
    const launches = sections.flatMap((section) => section.launches);
    const storage = assignStorage(this.func, launches, this.ops, this.options.fields);
    const { slots, bytes } = this.planArena(sections, storage);
    const steps = [
      ...sections.flatMap((section) => this.sectionSteps(section, storage, slots)),
      ...[...storage.joins, ...storage.copies].map((copy) => this.copyStep(copy, slots)),
    ];
    const inputs = this.ports("input");
    return {
      name: this.func.name,
      symbols: [...new Set(inputs.flatMap(({ shape }) => symbolsOf(shape)))].sort(),
      inputs,
      outputs: this.ports("output"),
      arenaBytes: bytes,
      steps,
    };
  }

  /** A reshape is made by whoever makes what it reshapes; a join by the last of its parts. */
  private noteAliases(): void {
    for (const op of this.func.body.ops) {
      const sources = op.operands.flatMap((operand) => this.producer.get(operand) ?? []);
      if (op.regions.length > 0 || sources.length === 0) continue;
      for (const result of op.results) this.producer.set(result, sources[sources.length - 1]);
    }
  }

  private ports(kind: "input" | "output"): Port[] {
    const values: readonly Value[] = kind === "input" ? this.func.body.args : this.func.body.returns;
    const roles = kind === "input" ? this.func.args : this.func.results;
    return values.flatMap((value, i) => {
      const role = roles[i];
      return role.kind === "input" || role.kind === "output"
        ? [{ name: role.name, dtype: value.type.dtype, shape: value.type.shape }]
        : [];
    });
  }

  private sections(launches: readonly Launch[]): Section[] {
    const merge = (list: readonly Launch[]): readonly Launch[] =>
      this.options.disabled?.has("merge-launches")
        ? list
        : mergeLaunches(list, (value) => this.producer.get(value));
    const chunked = this.options.disabled?.has("chunk-batch") ? undefined : this.chunked(launches);
    if (chunked === undefined) return [{ launches: merge(launches), chunk: undefined }];
    return [
      { launches: merge(chunked.before), chunk: undefined },
      {
        launches: merge(
          chunked.chunk.map((launch) => (launch.batch === "sum" ? launch.accumulating() : launch)),
        ),
        chunk: chunked.size,
      },
      { launches: merge(chunked.after), chunk: undefined },
    ];
  }

  private chunked(launches: readonly Launch[]): Chunked | undefined {
    if (!this.func.body.args.some(isBatched)) return undefined;
    return chunkBatch(launches, this.producer, this.options.chunkBytes);
  }

  /** Lives of temporaries, counted in launches; what crosses the border of a chunk loop lives through all of it. */
  private planArena(sections: readonly Section[], storage: Storage): { slots: Map<Home, Dim>; bytes: Dim } {
    const lives = new Map<Home, { first: number; last: number; bytes: Dim }>();
    const end = sections.reduce((sum, section) => sum + section.launches.length, 0);
    let position = 0;
    for (const section of sections) {
      const start = position;
      for (const launch of section.launches) {
        for (const value of [...launch.operands, ...launch.results]) {
          const { home } = this.place(storage, value);
          if (home.region.kind !== "arena") continue;
          const scaled = this.isLocal(home, section, sections, storage);
          const at =
            section.chunk === undefined || scaled
              ? [position, position]
              : [start, start + section.launches.length - 1];
          const known = lives.get(home);
          const bytes =
            scaled && section.chunk !== undefined ? this.chunkBytes(home, section.chunk) : home.bytes;
          if (scaled) this.chunkHomes.set(home, bytes);
          lives.set(home, {
            first: Math.min(known?.first ?? at[0], at[0]),
            last: Math.max(known?.last ?? at[1], at[1]),
            bytes,
          });
        }
        position++;
      }
    }
    for (const { from, to } of [...storage.copies, ...storage.joins]) {
      for (const { home } of [from, to]) {
        const known = lives.get(home);
        if (home.region.kind === "arena")
          lives.set(home, { first: known?.first ?? end, last: end, bytes: known?.bytes ?? home.bytes });
      }
    }
    const temporaries: Temporary<Home>[] = [...lives].map(([key, life]) => ({ key, ...life }));
    const { offsets, bytes } = planMemory(temporaries);
    return { slots: new Map(offsets), bytes };
  }

  private place(storage: Storage, value: Value): Place {
    const place = storage.places.get(value);
    if (place === undefined) throw new CompilerBug("plan-memory", "a value without a place");
    return place;
  }

  /** Batched, and touched by launches of this chunk loop only: one chunk of it is ever alive. */
  private isLocal(home: Home, section: Section, sections: readonly Section[], storage: Storage): boolean {
    if (section.chunk === undefined || typeof home.bytes === "number") return false;
    const touches = (list: readonly Launch[]): boolean =>
      list.some(({ operands, results }) =>
        [...operands, ...results].some((value) => storage.places.get(value)?.home === home),
      );
    const copied = [...storage.copies, ...storage.joins].some(
      ({ from, to }) => from.home === home || to.home === home,
    );
    return !copied && sections.every((other) => other === section || !touches(other.launches));
  }

  private chunkBytes({ bytes }: Home, chunk: number): Dim {
    return typeof bytes === "number"
      ? bytes
      : bytes.terms.reduce((sum, { coefficient }) => sum + coefficient * chunk, 0);
  }

  private sectionSteps(section: Section, storage: Storage, slots: ReadonlyMap<Home, Dim>): Step[] {
    const body = section.launches.map((launch) => this.launchStep(launch, section, storage, slots));
    if (section.chunk === undefined) return body;
    const sums = new Map<Home, Step>();
    for (const { batch, results } of section.launches) {
      for (const value of batch === "sum" ? results : []) {
        const { home } = this.place(storage, value);
        sums.set(home, { kind: "clear", slot: this.slot({ home, offset: 0 }, home.bytes, value, slots) });
      }
    }
    return [
      ...sums.values(),
      { kind: "chunks", symbol: CHUNK, total: symbol(BATCH), size: section.chunk, body },
    ];
  }

  private launchStep(
    { kernel, operands, results }: Launch,
    section: Section,
    storage: Storage,
    slots: ReadonlyMap<Home, Dim>,
  ): Step {
    const args = [...operands, ...results].map((value): Binding => {
      const place = this.place(storage, value);
      const whole = section.chunk !== undefined && isBatched(value) && !this.chunkHomes.has(place.home);
      return {
        slot: this.slot(place, bytesOf(value), value, slots),
        advance: whole ? sizeOf(value.type.shape.slice(1).map(Number)) : 0,
      };
    });
    const inside = section.chunk !== undefined;
    const dims = kernel.dims.map(({ symbol: name }) => {
      if (name.endsWith(TOTAL)) return symbol(name.slice(0, -TOTAL.length));
      return symbol(inside && name === BATCH ? CHUNK : name);
    });
    return { kind: "launch", kernel, args, dims };
  }

  private slot({ home, offset }: Place, bytes: Dim, { type }: Value, slots: ReadonlyMap<Home, Dim>): Slot {
    const width = byteWidth(type.dtype);
    const chunk = this.chunkHomes.get(home);
    if (typeof chunk === "number") return this.chunkSlot(home, chunk / width, type.dtype, offset, slots);
    const size =
      typeof bytes === "number"
        ? bytes / width
        : { terms: bytes.terms.map((t) => ({ ...t, coefficient: t.coefficient / width })) };
    const base = home.region.kind === "arena" ? (slots.get(home) ?? 0) : (home.offset ?? 0);
    return { name: home.name, dtype: type.dtype, size, region: home.region, offset: addDims(base, offset) };
  }

  private chunkSlot(
    home: Home,
    size: number,
    dtype: DType,
    offset: number,
    slots: ReadonlyMap<Home, Dim>,
  ): Slot {
    return {
      name: home.name,
      dtype,
      size,
      region: home.region,
      offset: addDims(slots.get(home) ?? 0, offset),
    };
  }

  private copyStep({ from, to, value }: FinalCopy, slots: ReadonlyMap<Home, Dim>): Step {
    const bytes = bytesOf(value);
    const source = this.slot(from, bytes, value, slots);
    return {
      kind: "copy",
      from: { slot: source, advance: 0 },
      to: { slot: this.slot(to, bytes, value, slots), advance: 0 },
      size: source.size,
    };
  }
}
