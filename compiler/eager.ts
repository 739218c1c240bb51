/**
 * Define-by-run: every op is a function of one op, compiled by the same compiler as whole models and cached by what it is: name, attributes,
 * operand types. There is no second implementation of any op.
 *
 * Tensors hold their elements in ordinary typed arrays, so the garbage collector frees them. Where loading takes a system compiler or
 * answers later, calls wait in a queue until a value is read: all that is missing is then compiled together.
 */
import { Builder } from "../ir/builder.ts";
import { CompilerBug, ModelError, Unsupported } from "../ir/errors.ts";
import type { Attrs, Block, BlockArg, Func } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { opTable } from "../ir/ops/index.ts";
import type { Bundle } from "../ir/program.ts";
import { printType, type TensorType } from "../ir/type.ts";
import type { Executable, Loader } from "./backends/loader.ts";
import { compile } from "./pipeline.ts";
import { type Engine, Tensor } from "./tensor.ts";
import { regionKey } from "./walk-graph.ts";

/** Compiled ops that are kept, and the bytes of memory they may keep for their operands; those used longest ago go first. */
const CAPACITY = 1024;
const CAPACITY_BYTES = 1 << 28;
const ENTRY = "op";

/** The elements of an eager tensor, once they are known. */
class Cell {
  array: NDArray | undefined;
  /** The type as text, part of cache keys. */
  readonly key: string;

  constructor(key: string, array?: NDArray) {
    this.key = key;
    this.array = array;
  }
}

/** An op as the cache holds it. */
interface Entry {
  readonly results: readonly TensorType[];
  readonly keys: readonly string[];
  readonly bundle: Bundle;
  executable: Executable | undefined;
  /** What the executable keeps, once it has run. */
  bytes: number | undefined;
}

interface Call {
  readonly entry: Entry;
  readonly operands: readonly Cell[];
  readonly results: readonly Cell[];
}

export class EagerEngine implements Engine {
  readonly kind = "eager";
  private readonly loader: Loader;
  /** Whether ops run when they are called: loading one costs no more alone than with others. */
  private readonly isImmediate: boolean;
  private readonly cache = new Map<string, Entry>();
  /** Of all that is in the cache. */
  private bytes = 0;
  private queue: Call[] = [];
  private flushing: Promise<void> = Promise.resolve();

  constructor(loader: Loader) {
    this.loader = loader;
    this.isImmediate = loader.name === "wasm";
  }

  op(
    name: string,
    operands: readonly Tensor[],
    attrs: Attrs,
    regions: readonly Block[] = [],
  ): readonly Tensor[] {
    const { value } = attrs;
    if (operands.length === 0 && typeof value === "object" && "data" in value) return [this.constant(value)];
    const cells = operands.map((operand) => this.cell(operand));
    const entry = this.entry(name, operands, cells, attrs, regions);
    const results = entry.keys.map((key) => new Cell(key));
    if (this.isImmediate) this.run(entry, cells, results);
    else this.queue.push({ entry, operands: cells, results });
    return results.map((cell, i) => new Tensor(entry.results[i], this, cell));
  }

  /** Computes the results at once. */
  private run(entry: Entry, operands: readonly Cell[], results: readonly Cell[]): void {
    entry.executable ??= loadedNow(this.loader.load([entry.bundle]))[0];
    const arrays = loadedNow(entry.executable.call(ENTRY, operands.map(arrayOf)));
    for (let i = 0; i < results.length; i++) results[i].array = arrays[i];
    if (entry.bytes === undefined) this.weigh(entry, entry.executable.bytes ?? 0);
  }

  private weigh(entry: Entry, bytes: number): void {
    entry.bytes = bytes;
    this.bytes += bytes;
    this.evict();
  }

  private evict(): void {
    for (const [key, { bytes = 0 }] of this.cache) {
      const isFull = this.cache.size > CAPACITY || this.bytes > CAPACITY_BYTES;
      if (!isFull || this.cache.size === 1) return;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }

  constant(array: NDArray): Tensor {
    const type = { dtype: array.dtype, shape: array.shape };
    return new Tensor(type, this, new Cell(printType(type), array));
  }

  adopt(tensor: Tensor): Tensor {
    const inner = tensor.engine.inner?.(tensor);
    if (inner !== undefined) return inner.engine === this ? inner : this.adopt(inner);
    return this.constant(tensor.engine.readSync(tensor));
  }

  async read(tensor: Tensor): Promise<NDArray> {
    if (this.loader.isSynchronous) return this.readSync(tensor);
    this.flushing = this.flushing.then(() => this.flush());
    await this.flushing;
    return arrayOf(this.cell(tensor));
  }

  readSync(tensor: Tensor): NDArray {
    const cell = this.cell(tensor);
    if (cell.array !== undefined) return cell.array;
    if (!this.loader.isSynchronous) {
      throw new Unsupported(this.loader.name, "reading a value at once", {
        hint: "Use await tensor.array()",
      });
    }
    this.flushSync();
    return arrayOf(cell);
  }

  private cell(tensor: Tensor): Cell {
    if (tensor.payload instanceof Cell && tensor.engine === this) return tensor.payload;
    if (tensor.engine.kind === "trace")
      throw new ModelError("a traced tensor was used outside of its function");
    const array = tensor.engine.readSync(tensor);
    return new Cell(printType({ dtype: array.dtype, shape: array.shape }), array);
  }

  private entry(
    name: string,
    operands: readonly Tensor[],
    cells: readonly Cell[],
    attrs: Attrs,
    regions: readonly Block[],
  ): Entry {
    let key = name;
    for (const cell of cells) key += `|${cell.key}`;
    for (const attr in attrs) key += `|${attr}=${JSON.stringify(attrs[attr])}`;
    for (const region of regions) key += `|${regionKey(region)}`;
    const known = this.cache.get(key);
    if (known !== undefined) {
      // Back to the end: Maps keep the order of insertion.
      if (this.cache.size > CAPACITY / 2 || this.bytes > CAPACITY_BYTES / 2) {
        this.cache.delete(key);
        this.cache.set(key, known);
      }
      return known;
    }
    const entry = compileOp(
      name,
      operands.map(({ type }) => type),
      attrs,
      regions,
      this.loader,
    );
    this.cache.set(key, entry);
    this.evict();
    return entry;
  }

  private flushSync(): void {
    const calls = this.queue;
    this.queue = [];
    const missing = missingEntries(calls);
    const loaded = loadedNow(this.loader.load(missing.map(({ bundle }) => bundle)));
    missing.forEach((entry, i) => {
      entry.executable = loaded[i];
    });
    for (const { entry, operands, results } of calls) this.run(entry, operands, results);
  }

  private async flush(): Promise<void> {
    const calls = this.queue;
    this.queue = [];
    const missing = missingEntries(calls);
    const loaded = await this.loader.load(missing.map(({ bundle }) => bundle));
    missing.forEach((entry, i) => {
      entry.executable = loaded[i];
    });
    for (const call of calls) settle(call, await runCall(call));
  }
}

/** The elements of a cell whose op has run. */
function arrayOf({ array }: Cell): NDArray {
  if (array === undefined) throw new CompilerBug("eager", "a tensor has no value after its op ran");
  return array;
}

/** What a synchronous loader gives. */
function loadedNow<T>(answer: T | Promise<T>): T {
  if (answer instanceof Promise) throw new CompilerBug("eager", "a synchronous loader answered later");
  return answer;
}

const missingEntries = (calls: readonly Call[]): Entry[] => [
  ...new Set(calls.map(({ entry }) => entry).filter(({ executable }) => executable === undefined)),
];

function runCall({ entry, operands }: Call): ReturnType<Executable["call"]> {
  if (entry.executable === undefined) throw new CompilerBug("eager", "an op was not loaded");
  return entry.executable.call(ENTRY, operands.map(arrayOf));
}

function settle({ results }: Call, arrays: readonly NDArray[]): void {
  results.forEach((cell, i) => {
    cell.array = arrays[i];
  });
}

/** One op as a module of one function of one op. */
function compileOp(
  name: string,
  types: readonly TensorType[],
  attrs: Attrs,
  regions: readonly Block[],
  loader: Loader,
): Entry {
  const args = types.map((type, i): BlockArg => ({ kind: "arg", type, name: `x${i}` }));
  const builder = new Builder(opTable);
  const results = builder.results(name, args, attrs, regions);
  const func: Func = {
    name: ENTRY,
    body: builder.block(args, results),
    args: args.map((_, i) => ({ kind: "input", name: `x${i}` })),
    results: results.map((_, i) => ({ kind: "output", name: `y${i}` })),
  };
  const { bundle } = compile(name, { funcs: [func] }, new Map(), loader.scheduler, { verify: false });
  const resultTypes = results.map(({ type }) => type);
  return {
    results: resultTypes,
    keys: resultTypes.map(printType),
    bundle,
    executable: undefined,
    bytes: undefined,
  };
}
