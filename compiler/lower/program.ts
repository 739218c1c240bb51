/**
 * Assembles a fused function into a Program: launches in order, loops and branches around them, the batch cut into chunks where it can be,
 * memory planned. Kernels are still naive; the target's schedule comes afterwards.
 */
import {
  addDims,
  type Dim,
  divideDims,
  mulDims,
  productOf,
  type Shape,
  substituteDim,
  symbol,
  symbolsOf,
} from "../../ir/dim.ts";
import { byteWidth, type DType } from "../../ir/dtype.ts";
import { CompilerBug } from "../../ir/errors.ts";
import type { Block, Func, Value } from "../../ir/graph.ts";
import type { OpTable } from "../../ir/op.ts";
import type { Binding, Port, Program, Slot, Step, StepOf } from "../../ir/program.ts";
import { chunkBatch, isBatched } from "../passes/chunk-batch.ts";
import { mergeLaunches } from "../passes/merge-launches.ts";
import { planMemory } from "../passes/plan-memory.ts";
import { TOTAL } from "./kernel.ts";
import { BATCH, type ControlItem, type Item, type Launch, lowerLaunches } from "./launches.ts";
import { type Draft, homesWithin, livesOf, makeSteps } from "./lives.ts";
import {
  assignStorage,
  type FieldOffsets,
  type Home,
  type Place,
  type Storage,
  type Transfer,
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
  const sections = sectionsOf(func, ops, options);
  const items = sections.flatMap((section) => section.items);
  const together = (a: Item, b: Item): boolean =>
    sections.some((section) => section.items.includes(a) && section.items.includes(b));
  const storage = assignStorage({ func, items, ops, fields: options.fields, together });
  const { steps, bytes } = new Assembly(func, storage).run(sections);
  const inputs = portsOf(func, "input");
  return {
    name: func.name,
    symbols: [...new Set(inputs.flatMap(({ shape }) => symbolsOf(shape)))].sort(),
    inputs,
    outputs: portsOf(func, "output"),
    arenaBytes: bytes,
    steps,
  };
}

function portsOf(func: Func, kind: "input" | "output"): Port[] {
  const values: readonly Value[] = kind === "input" ? func.body.args : func.body.returns;
  const roles = kind === "input" ? func.args : func.results;
  return values.flatMap((value, i) => {
    const role = roles[i];
    return role.kind === "input" || role.kind === "output"
      ? [{ name: role.name, dtype: value.type.dtype, shape: value.type.shape }]
      : [];
  });
}

/** A list of items run one after the other, once or once per chunk. */
interface Section {
  readonly items: readonly Item[];
  readonly chunk: number | undefined;
}

function sectionsOf(func: Func, ops: OpTable, { disabled, chunkBytes }: LowerOptions): Section[] {
  const lowered = lowerLaunches(func.body, ops);
  const producer = producersOf(func.body, lowered);
  const merge = (list: readonly Item[]): readonly Item[] =>
    disabled?.has("merge-launches") ? list : mergeLaunches(list, (value) => producer.get(value));
  const mayChunk = !disabled?.has("chunk-batch") && func.body.args.some(({ type }) => isBatched(type.shape));
  const chunked = mayChunk ? chunkBatch(lowered, producer, chunkBytes) : undefined;
  if (chunked === undefined) return [{ items: merge(lowered), chunk: undefined }];
  const chunk = chunked.chunk.map((item) =>
    item.kind === "launch" && item.batch === "sum" ? item.accumulating() : item,
  );
  return [
    { items: merge(chunked.before), chunk: undefined },
    { items: merge(chunk), chunk: chunked.size },
    { items: merge(chunked.after), chunk: undefined },
  ];
}

/** Who makes each value. A reshape is made by whoever makes what it reshapes; a join by the last of its parts. */
function producersOf(body: Block, lowered: readonly Item[]): ReadonlyMap<Value, Item> {
  const producer = new Map<Value, Item>();
  const visit = (block: Block, items: readonly Item[]): void => {
    for (const item of items) {
      for (const result of item.results) producer.set(result, item);
      if (item.kind === "control") item.op.regions.forEach((region, i) => visit(region, item.bodies[i]));
    }
    for (const op of block.ops) {
      const sources = op.operands.flatMap((operand) => producer.get(operand) ?? []);
      if (op.regions.length > 0 || sources.length === 0) continue;
      for (const result of op.results) producer.set(result, sources[sources.length - 1]);
    }
  };
  visit(body, lowered);
  return producer;
}

/** Where a list of drafts runs. */
interface Context {
  readonly isChunked: boolean;
}

class Assembly {
  private readonly func: Func;
  private readonly storage: Storage;
  /** Temporaries of which the arena holds one chunk only, and the bytes of that. */
  private readonly chunkHomes = new Map<Home, Dim>();
  private offsets: ReadonlyMap<Home, Dim> = new Map();

  constructor(func: Func, storage: Storage) {
    this.func = func;
    this.storage = storage;
  }

  run(sections: readonly Section[]): { readonly steps: readonly Step[]; readonly bytes: Dim } {
    const parts = sections.map((section) => ({ section, drafts: this.section(section) }));
    const ends = this.transfers(this.storage.ends.get(this.func.body), { isChunked: false });
    const drafts = [...parts.flatMap((part) => part.drafts), ...ends];
    for (const { section, drafts: own } of parts) {
      const loop = own.at(-1);
      if (section.chunk !== undefined && loop !== undefined) this.shrink(drafts, loop, section.chunk);
    }
    const temporaries = [...livesOf(drafts)].map(([key, life]) => ({
      key,
      ...life,
      bytes: this.chunkHomes.get(key) ?? key.bytes,
    }));
    const { offsets, bytes } = planMemory(temporaries);
    this.offsets = offsets;
    return { steps: makeSteps(drafts), bytes };
  }

  /** What only the chunk loop touches is never there for more samples than one chunk has. */
  private shrink(drafts: readonly Draft[], loop: Draft, chunk: number): void {
    for (const home of homesWithin(drafts, loop)) {
      if (home.region.kind === "arena" && typeof home.bytes !== "number")
        this.chunkHomes.set(home, substituteDim(home.bytes, new Map([[BATCH, chunk]])));
    }
  }

  /** The chunk loop comes last, behind what it needs cleared. */
  private section({ items, chunk }: Section): Draft[] {
    const body = this.items(items, { isChunked: chunk !== undefined });
    if (chunk === undefined) return body;
    const sums = new Map<Home, Draft>();
    for (const { batch, results } of items) {
      for (const value of batch === "sum" ? results : []) {
        const { home } = this.place(value);
        const make = (): StepOf<"clear"> => ({
          kind: "clear",
          slot: this.slot({ home, offset: 0 }, home.bytes, value.type.dtype),
        });
        sums.set(home, { kind: "simple", homes: [home], make });
      }
    }
    const make = ([steps]: readonly (readonly Step[])[]): Step => ({
      kind: "chunks",
      symbol: CHUNK,
      total: symbol(BATCH),
      size: chunk,
      body: steps,
    });
    return [...sums.values(), { kind: "nested", homes: [], bodies: [body], make }];
  }

  private items(items: readonly Item[], context: Context): Draft[] {
    return items.flatMap((item) =>
      item.kind === "launch" ? [this.launch(item, context)] : this.control(item, context),
    );
  }

  private launch({ kernel, operands, results }: Launch, context: Context): Draft {
    const places = [...operands, ...results].map((value) => this.place(value));
    const make = (): StepOf<"launch"> => {
      const args = places.map((place, i) => {
        const { shape, dtype } = kernel.params[i].buffer;
        return this.binding(place, shape, dtype, context);
      });
      return { kind: "launch", kernel, args, dims: kernel.dims.map((dim) => sizeFor(dim.symbol, context)) };
    };
    return { kind: "simple", homes: places.map(({ home }) => home), make };
  }

  private control(item: ControlItem, context: Context): Draft[] {
    const { op, control, symbol: counter } = item;
    const starts = this.transfers(this.storage.starts.get(item), context);
    const bodies = item.bodies.map((items, i) => [
      ...this.items(items, context),
      ...this.transfers(this.storage.ends.get(op.regions[i]), context),
    ]);
    switch (control.runs) {
      case "for": {
        const { length: extent, reverse } = control.counts(op.attrs);
        const make = ([body]: readonly (readonly Step[])[]): Step => ({
          kind: "for",
          symbol: counter,
          extent,
          reverse,
          body,
        });
        return [...starts, { kind: "nested", homes: [], bodies, make }];
      }
      case "while": {
        const cond = this.place(op.regions[0].returns[0]);
        const make = ([test, body]: readonly (readonly Step[])[]): Step => ({
          kind: "while",
          test,
          cond: this.bool(cond),
          body,
        });
        return [...starts, { kind: "nested", homes: [cond.home], bodies, make }];
      }
      case "choice": {
        const cond = this.place(op.operands[0]);
        const make = ([then, otherwise]: readonly (readonly Step[])[]): Step => ({
          kind: "if",
          cond: this.bool(cond),
          then,
          otherwise,
        });
        return [{ kind: "nested", homes: [cond.home], bodies, make }];
      }
      default:
        throw new CompilerBug("lower", `${op.name} is no loop or branch`);
    }
  }

  private bool(place: Place): Slot {
    return this.slot(place, 1, "bool");
  }

  private transfers(list: readonly Transfer[] | undefined, context: Context): Draft[] {
    return (list ?? []).map(({ from, to, value: { type } }) => ({
      kind: "simple",
      homes: [from.home, to.home],
      make: () => {
        const [source, target] = [from, to].map((place) =>
          this.binding(place, type.shape, type.dtype, context),
        );
        return { kind: "copy", from: source, to: target, size: sizeOf(type.shape, context) };
      },
    }));
  }

  private place(value: Value): Place {
    const place = this.storage.places.get(value);
    if (place === undefined) throw new CompilerBug("plan-memory", "a value without a place");
    return place;
  }

  /** Memory of an array; what has a row for every sample of the call is counted from the chunk on. */
  private binding(place: Place, shape: Shape, dtype: DType, { isChunked }: Context): Binding {
    const moves = isChunked && isBatched(shape) && !this.chunkHomes.has(place.home);
    return {
      slot: this.slot(place, mulDims(productOf(shape), byteWidth(dtype)), dtype),
      advance: moves ? Number(productOf(shape.slice(1))) : 0,
    };
  }

  private slot({ home, offset }: Place, bytes: Dim, dtype: DType): Slot {
    const held = this.chunkHomes.get(home) ?? bytes;
    const size = divideDims(held, byteWidth(dtype));
    if (size === undefined) throw new CompilerBug("plan-memory", `${home.name} holds no whole elements`);
    const base = home.region.kind === "arena" ? (this.offsets.get(home) ?? 0) : (home.offset ?? 0);
    return { name: home.name, dtype, size, region: home.region, offset: addDims(base, offset) };
  }
}

/** The value of a kernel's dim: inside a chunk loop, the batch is the chunk. */
function sizeFor(name: string, { isChunked }: Context): Dim {
  if (name.endsWith(TOTAL)) return symbol(name.slice(0, -TOTAL.length));
  return symbol(isChunked && name === BATCH ? CHUNK : name);
}

const sizeOf = (shape: Shape, { isChunked }: Context): Dim =>
  isChunked ? substituteDim(productOf(shape), new Map([[BATCH, symbol(CHUNK)]])) : productOf(shape);
