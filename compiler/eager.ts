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

/** Compiled ops that are kept; the one used longest ago goes first. */
const CAPACITY = 1024;
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
}

interface Call {
  readonly entry: Entry;
  readonly operands: readonly Cell[];
  readonly results: readonly Cell[];
}

export class EagerEngine implements Engine {
  readonly kind = "eager";
  private readonly loader: Loader;
  private readonly cache = new Map<string, Entry>();
  private queue: Call[] = [];
  private flushing: Promise<void> = Promise.resolve();

  constructor(loader: Loader) {
    this.loader = loader;
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
    this.queue.push({ entry, operands: cells, results });
    if (this.loader.isSynchronous && this.loader.name === "wasm") this.flushSync();
    return results.map((cell, i) => new Tensor(entry.results[i], this, cell));
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
    return this.known(this.cell(tensor));
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
    return this.known(cell);
  }

  private known({ array }: Cell): NDArray {
    if (array === undefined) throw new CompilerBug("eager", "a tensor has no value after its op ran");
    return array;
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
      if (this.cache.size > CAPACITY / 2) {
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
    if (this.cache.size > CAPACITY) this.cache.delete(this.cache.keys().next().value ?? key);
    return entry;
  }

  private flushSync(): void {
    const calls = this.queue;
    this.queue = [];
    const missing = missingEntries(calls);
    if (missing.length > 0) {
      const loaded = this.loader.load(missing.map(({ bundle }) => bundle));
      if (loaded instanceof Promise) throw new CompilerBug("eager", "a synchronous loader answered later");
      missing.forEach((entry, i) => {
        entry.executable = loaded[i];
      });
    }
    for (const call of calls) {
      const results = runCall(call, (cell) => this.known(cell));
      if (results instanceof Promise) throw new CompilerBug("eager", "a synchronous loader answered later");
      settle(call, results);
    }
  }

  private async flush(): Promise<void> {
    const calls = this.queue;
    this.queue = [];
    const missing = missingEntries(calls);
    const loaded = await this.loader.load(missing.map(({ bundle }) => bundle));
    missing.forEach((entry, i) => {
      entry.executable = loaded[i];
    });
    for (const call of calls) settle(call, await runCall(call, (cell) => this.known(cell)));
  }
}

const missingEntries = (calls: readonly Call[]): Entry[] => [
  ...new Set(calls.map(({ entry }) => entry).filter(({ executable }) => executable === undefined)),
];

function runCall({ entry, operands }: Call, known: (cell: Cell) => NDArray): ReturnType<Executable["call"]> {
  if (entry.executable === undefined) throw new CompilerBug("eager", "an op was not loaded");
  return entry.executable.call(ENTRY, operands.map(known));
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
  return { results: resultTypes, keys: resultTypes.map(printType), bundle, executable: undefined };
}
