/**
 * The invariants of programs, beyond those of their kernels:
 *
 *  1. A launch has one argument per parameter and one value per dim; dtypes match; the argument holds what the parameter's shape needs.
 *  2. Slots lie in their regions, aligned to their elements; only arena slots lie at symbolic places. Weights and inputs are not written.
 *  3. Sizes use the program's symbols and those of the loops around.
 *  4. An arena slot is written before it is read, and no other slot is laid over it in between. Slots of exactly the same place are
 *     taken for one: in-place updates and aliases. Two arguments of one launch may overlap in that way only, if one of them is written.
 *
 * Sizes are polynomials, so 1, 2 and 4 are checked by evaluation, for several values of each symbol, rather than proved.
 */
import { type Bindings, type Dim, evaluateDim, evaluateShape, symbolsOf } from "./dim.ts";
import { byteWidth } from "./dtype.ts";
import { CompilerBug, type ErrorDetails } from "./errors.ts";
import { sizeOf } from "./ndarray.ts";
import {
  type Binding,
  bodiesOf,
  isNested,
  type LaunchStep,
  launchesOf,
  type Nested,
  type Program,
  type Region,
  type SimpleStep,
  type Slot,
  type Step,
  slotsIn,
} from "./program.ts";
import { verifyKernel } from "./verify-kernel.ts";

/** Bytes of the regions that a bundle provides. Absent: not checked. */
export interface StoreSizes {
  readonly weights: number;
  readonly state: number;
}

type Fail = (message: string, details?: ErrorDetails) => CompilerBug;

/** The sizes that symbols are given in turn. */
const SAMPLE_SIZES = [1, 2, 5, 67];

/** Throws a CompilerBug of `stage` where an invariant does not hold, in the program or in one of its kernels. */
export function verifyProgram(program: Program, stores?: StoreSizes, stage = "verify"): void {
  const fail: Fail = (message, details = {}) =>
    new CompilerBug(stage, message, { where: program.name, ...details });
  verifySymbols(program, fail);
  verifyLaunches(program.steps, stage, fail);
  const sizes = program.symbols.length === 0 ? SAMPLE_SIZES.slice(0, 1) : SAMPLE_SIZES;
  for (const size of sizes) {
    const bindings = new Map(program.symbols.map((symbol) => [symbol, size]));
    verifyPlaces(program, bindings, stores, fail);
  }
}

function verifySymbols(program: Program, fail: Fail): void {
  const { symbols, inputs, outputs } = program;
  if (symbols.join() !== [...new Set(symbols)].sort().join())
    throw fail("symbols are not sorted", { got: `[${symbols}]` });
  const used = [
    ...inputs.flatMap(({ shape }) => shape),
    ...outputs.flatMap(({ shape }) => shape),
    program.arenaBytes,
  ];
  requireKnown(used, new Set(symbols), fail);
  verifyStepSymbols(program.steps, new Set(symbols), fail);
}

function requireKnown(dims: readonly Dim[], known: ReadonlySet<string>, fail: Fail): void {
  const stray = symbolsOf(dims).find((symbol) => !known.has(symbol));
  if (stray !== undefined)
    throw fail("a size uses an unknown symbol", { expected: `[${[...known]}]`, got: stray });
}

function verifyStepSymbols(steps: readonly Step[], known: ReadonlySet<string>, fail: Fail): void {
  for (const step of steps) {
    for (const slot of slotsIn(step)) {
      requireKnown([slot.size, slot.offset], known, fail);
      if (slot.region.kind !== "arena" && typeof slot.offset !== "number") {
        throw fail(`slot ${slot.name} lies at a symbolic place outside of the arena`);
      }
    }
    if (step.kind === "launch") requireKnown(step.dims, known, fail);
    if (step.kind === "copy") requireKnown([step.size], known, fail);
    if (step.kind === "chunks" && !(Number.isInteger(step.size) && step.size > 0))
      throw fail("chunks need a positive size", { got: `${step.size}` });
    if (step.kind === "chunks") requireKnown([step.total], known, fail);
    if (step.kind === "for") requireKnown([step.extent], known, fail);
    if (!isNested(step)) continue;
    const inside = "symbol" in step ? new Set([...known, step.symbol]) : known;
    for (const body of bodiesOf(step)) verifyStepSymbols(body, inside, fail);
  }
}

function verifyLaunches(steps: readonly Step[], stage: string, fail: Fail): void {
  for (const step of launchesOf(steps)) {
    verifyKernel(step.kernel, stage);
    verifyArguments(step, fail);
  }
}

function verifyArguments({ kernel, args, dims }: LaunchStep, fail: Fail): void {
  const { name, params } = kernel;
  if (args.length !== params.length) {
    throw fail(`${name} has the wrong number of arguments`, {
      expected: `${params.length}`,
      got: `${args.length}`,
    });
  }
  if (dims.length !== kernel.dims.length) {
    throw fail(`${name} has the wrong number of dims`, {
      expected: `${kernel.dims.length}`,
      got: `${dims.length}`,
    });
  }
  params.forEach(({ buffer, access }, i) => {
    const { slot } = args[i];
    if (slot.dtype !== buffer.dtype) {
      throw fail(`${name}: ${buffer.name} is bound to another dtype`, {
        expected: buffer.dtype,
        got: `${slot.dtype} (${slot.name})`,
      });
    }
    if (access !== "read") requireWritable(slot, fail);
  });
}

function requireWritable({ name, region }: Slot, fail: Fail): void {
  if (region.kind === "weights" || region.kind === "input")
    throw fail(`${name} is written but lies in ${region.kind}`);
}

/** Bytes of a region, in terms of one evaluation of the symbols. */
interface Range {
  readonly slot: Slot;
  readonly start: number;
  readonly end: number;
}

interface Checker {
  readonly fail: Fail;
  readonly regionBytes: (region: Region) => number;
  /** The arena as written so far: who wrote what last. */
  readonly owners: Owners;
}

function verifyPlaces(
  program: Program,
  bindings: Bindings,
  stores: StoreSizes | undefined,
  fail: Fail,
): void {
  const portBytes = (ports: Program["inputs"], index: number): number => {
    const port = ports[index];
    if (port === undefined) throw fail("a slot lies in a port that does not exist", { got: `${index}` });
    return sizeOf(evaluateShape(port.shape, bindings)) * byteWidth(port.dtype);
  };
  const arenaBytes = evaluateDim(program.arenaBytes, bindings);
  const regionBytes = (region: Region): number => {
    if (region.kind === "input") return portBytes(program.inputs, region.index);
    if (region.kind === "output") return portBytes(program.outputs, region.index);
    return region.kind === "arena" ? arenaBytes : (stores?.[region.kind] ?? Infinity);
  };
  walk(program.steps, bindings, 0, { fail, regionBytes, owners: new Owners(fail) });
}

function walk(steps: readonly Step[], bindings: Bindings, base: number, checker: Checker): void {
  for (const step of steps) {
    if (isNested(step)) walkNested(step, bindings, base, checker);
    else verifyStep(step, bindings, base, checker);
  }
}

function walkNested(step: Nested, bindings: Bindings, base: number, checker: Checker): void {
  switch (step.kind) {
    case "chunks": {
      const total = evaluateDim(step.total, bindings);
      for (let start = 0; start < total; start += step.size) {
        const inner = new Map([...bindings, [step.symbol, Math.min(step.size, total - start)]]);
        walk(step.body, inner, start, checker);
      }
      return;
    }
    case "for": {
      // The first iterations and the last: what one leaves to the next is the same for all between.
      const extent = evaluateDim(step.extent, bindings);
      for (const at of new Set([0, 1, extent - 1])) {
        if (at < extent && at >= 0) walk(step.body, new Map([...bindings, [step.symbol, at]]), base, checker);
      }
      return;
    }
    case "while": {
      const test = (): void => {
        walk(step.test, bindings, base, checker);
        verifyCondition(step.cond, bindings, base, checker);
      };
      test();
      for (let iteration = 0; iteration < 2; iteration++) {
        walk(step.body, bindings, base, checker);
        test();
      }
      return;
    }
    case "if":
      verifyCondition(step.cond, bindings, base, checker);
      for (const body of bodiesOf(step)) walk(body, bindings, base, checker);
      return;
    default:
      step satisfies never;
  }
}

function verifyCondition(slot: Slot, bindings: Bindings, base: number, checker: Checker): void {
  if (slot.dtype !== "bool") throw checker.fail(`${slot.name} decides but is no bool`, { got: slot.dtype });
  checker.owners.read(rangeOf({ slot, advance: 0 }, 1, bindings, base, checker));
}

function verifyStep(step: SimpleStep, bindings: Bindings, base: number, checker: Checker): void {
  const { owners, fail } = checker;
  const place = (binding: Binding, elements?: number): Range =>
    rangeOf(binding, elements, bindings, base, checker);
  switch (step.kind) {
    case "clear":
      requireWritable(step.slot, fail);
      owners.write(place({ slot: step.slot, advance: 0 }));
      return;
    case "copy": {
      const elements = evaluateDim(step.size, bindings);
      requireWritable(step.to.slot, fail);
      owners.read(place(step.from, elements));
      owners.write(place(step.to, elements));
      return;
    }
    case "launch":
      verifyLaunch(step, bindings, place, checker);
      return;
    default:
      step satisfies never;
  }
}

function verifyLaunch(
  step: LaunchStep,
  bindings: Bindings,
  place: (binding: Binding, elements: number) => Range,
  checker: Checker,
): void {
  const { kernel, args, dims } = step;
  const sizes = new Map(kernel.dims.map(({ symbol }, i) => [symbol, evaluateDim(dims[i], bindings)]));
  const ranges = kernel.params.map(({ buffer }, i) =>
    place(args[i], sizeOf(evaluateShape(buffer.shape, sizes)) * buffer.lanes),
  );
  kernel.params.forEach(({ access }, i) => {
    if (access === "read" || access === "readwrite") checker.owners.read(ranges[i]);
    if (access === "read") return;
    const rival = ranges.find(
      (other, j) => j !== i && sameRegion(other.slot, ranges[i].slot) && crosses(other, ranges[i]),
    );
    if (rival !== undefined) {
      throw checker.fail(
        `${kernel.name} writes ${ranges[i].slot.name} over part of its argument ${rival.slot.name}`,
      );
    }
  });
  kernel.params.forEach(({ access }, i) => {
    if (access !== "read") checker.owners.write(ranges[i]);
  });
}

const sameRegion = (a: Slot, b: Slot): boolean =>
  a.region.kind === b.region.kind &&
  ("index" in a.region ? a.region.index : 0) === ("index" in b.region ? b.region.index : 0);
/** Whether two ranges overlap without being the same. */
const crosses = (a: Range, b: Range): boolean =>
  a.start < b.end && b.start < a.end && !(a.start === b.start && a.end === b.end);

/** The bytes of a binding: `elements` of it, or all there are. Throws where they leave slot or region. */
function rangeOf(
  binding: Binding,
  elements: number | undefined,
  bindings: Bindings,
  base: number,
  checker: Checker,
): Range {
  const { slot, advance } = binding;
  const { fail, regionBytes } = checker;
  const width = byteWidth(slot.dtype);
  const offset = evaluateDim(slot.offset, bindings);
  const available = evaluateDim(slot.size, bindings);
  const first = base * advance;
  const count = elements ?? available - first;
  const sizes = [...bindings].map(([symbol, value]) => `${symbol} = ${value}`).join(", ");
  const leaves = (what: string, limit: number, got: number): CompilerBug =>
    fail(`slot ${slot.name} is too small for its ${what} (${sizes})`, {
      expected: `${got}`,
      got: `${limit}`,
    });
  if (first + count > available) throw leaves("use (elements)", available, first + count);
  if (offset < 0 || offset % width !== 0)
    throw fail(`slot ${slot.name} is not aligned`, { got: `${offset}` });
  const end = offset + available * width;
  if (end > regionBytes(slot.region)) {
    throw fail(`slot ${slot.name} leaves its region (${sizes})`, {
      expected: `at most ${regionBytes(slot.region)} bytes`,
      got: `${end}`,
    });
  }
  return { slot, start: offset + first * width, end: offset + (first + count) * width };
}

/** Which arena slot each byte was last written through, as disjoint ranges. */
class Owners {
  private written: readonly Range[] = [];
  private readonly fail: Fail;

  constructor(fail: Fail) {
    this.fail = fail;
  }

  write(range: Range): void {
    if (range.slot.region.kind !== "arena" || range.start === range.end) return;
    this.written = [...this.written.flatMap((before) => remainder(before, range)), range];
  }

  /** Every byte must have been written last through this slot, or through one of the same place. */
  read(range: Range): void {
    if (range.slot.region.kind !== "arena") return;
    let covered = 0;
    for (const owner of this.written) {
      const overlap = Math.min(owner.end, range.end) - Math.max(owner.start, range.start);
      if (overlap <= 0) continue;
      covered += overlap;
      if (!isSamePlace(owner.slot, range.slot)) {
        throw this.fail(`slot ${range.slot.name} is read after ${owner.slot.name} was laid over it`);
      }
    }
    if (covered < range.end - range.start)
      throw this.fail(`slot ${range.slot.name} is read before it is written`);
  }
}

/** What is left of `before` once `range` is written. */
function remainder(before: Range, range: Range): readonly Range[] {
  if (before.end <= range.start || range.end <= before.start) return [before];
  const parts = [
    { ...before, end: range.start },
    { ...before, start: range.end },
  ];
  return parts.filter(({ start, end }) => start < end);
}

/** Parts of a join and the join itself are slots of one name (`compiler/lower/storage.ts` gives every temporary its own). */
const isSamePlace = (a: Slot, b: Slot): boolean =>
  a.name === b.name ||
  (JSON.stringify(a.offset) === JSON.stringify(b.offset) &&
    JSON.stringify(a.size) === JSON.stringify(b.size));
