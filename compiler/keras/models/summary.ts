/**
 * `model.summary()`: layers, shapes and parameter counts as Keras prints them.
 */
import { byteWidth } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { fixed } from "../callbacks/python-format.ts";
import { classNameOf } from "../config.ts";
import { historyOf, type Node, type Operation } from "../functional/node.ts";
import { FunctionOperation } from "../functional/symbolic.ts";
import { Layer } from "../layers/layer.ts";
import { mapNest, type Nest } from "../nest.ts";
import { isPlainObject } from "../options.ts";
import type { KerasShape } from "../shapes.ts";
import { toKerasShape } from "../shapes.ts";
import type { Variable } from "../variable.ts";
import { type Column, drawTable } from "./text-table.ts";

export interface SummaryOptions {
  /** Characters in a line; default that of the terminal, at most 88, or 108 with connections. */
  lineLength?: number | null;
  /** Ends of the columns as shares of the line. */
  positions?: readonly number[] | null;
  /** Takes the text; default the terminal. */
  printFn?: ((text: string) => void) | null;
  /** Lists the layers of nested models too; default false. */
  expandNested?: boolean;
  /** Shows which layers are trained; default false. */
  showTrainable?: boolean;
  /** Names of the first and the last layer to list; regular expressions work. */
  layerRange?: readonly [string, string] | null;
}

/** What the summary needs of a model. */
export interface SummaryModel {
  readonly name: string;
  /** What is listed: layers, and functions of `keras.ops` between them. */
  readonly operations: readonly Operation[];
  /** Nodes by depth for functional models; undefined for others, which are listed as a sequence. */
  readonly levels: readonly (readonly Node[])[] | undefined;
  readonly trainableWeights: readonly Variable[];
  readonly nonTrainableWeights: readonly Variable[];
  /** Present once the optimizer has its slots. */
  readonly optimizerVariables: readonly Variable[] | undefined;
}

/** The text, in lines of at most the terminal's width. */
export function summaryText(model: SummaryModel, options: SummaryOptions): string {
  const terminal = typeof process === "undefined" ? 80 : (process.stdout?.columns ?? 80);
  const { columns, width, connections } = layout(model, options, terminal);
  const listed = inRange(model.operations, options.layerRange ?? null);
  const rows = listed.flatMap((operation) => layerRows(operation, 0, model, options, connections));
  const lines = [`Model: "${model.name}"`, ...drawTable(columns, rows, width), ...totals(model)];
  return `${lines.map((line) => line.slice(0, terminal)).join("\n")}\n`;
}

interface Layout {
  readonly columns: readonly Column[];
  readonly width: number;
  readonly connections: boolean;
}

function layout(model: SummaryModel, options: SummaryOptions, terminal: number): Layout {
  const connections = model.levels !== undefined && !isSequential(model.levels, model.operations);
  const titles = [
    "Layer (type)",
    "Output Shape",
    "Param #",
    ...(connections ? ["Connected to"] : []),
    ...(options.showTrainable ? ["Trainable"] : []),
  ];
  const aligns: Column["align"][] = [
    "left",
    "left",
    "right",
    ...(connections ? (["left"] as const) : []),
    ...(options.showTrainable ? (["center"] as const) : []),
  ];
  const ends = options.positions ?? (connections ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1]);
  const positions = options.showTrainable ? [...ends.map((end) => end * 0.9), 1] : ends;
  const longest = (connections ? 108 : 88) + (options.showTrainable ? 12 : 0);
  const width = options.lineLength ?? Math.min(longest, terminal - 4);
  let start = 0;
  const columns = positions.map((end, i): Column => {
    const size = Math.floor(end * width) - start;
    if (size < 4)
      throw new ModelError("the line is too short for a summary", {
        where: "summary",
        got: `${width} characters`,
      });
    start += size;
    return { title: titles[i], width: size, align: aligns[i] };
  });
  return { columns, width, connections };
}

/** One node per depth with one input each, and no layer called twice. */
function isSequential(levels: readonly (readonly Node[])[], operations: readonly Operation[]): boolean {
  if (levels.some((level) => level.length > 1 || level[0].inputs.length > 1)) return false;
  const nodes = new Set(levels.flat());
  return operations.every(({ inboundNodes }) => inboundNodes.filter((node) => nodes.has(node)).length <= 1);
}

function inRange(
  operations: readonly Operation[],
  range: readonly [string, string] | null,
): readonly Operation[] {
  if (range === null) return operations;
  const matching = (pattern: string): number[] =>
    operations.flatMap(({ name }, i) => (new RegExp(`^(?:${pattern})`).test(name) ? [i] : []));
  const [first, last] = range.map(matching);
  if (first.length === 0 || last.length === 0)
    throw new ModelError("no layer of that name", { where: "summary", got: range.join(" to ") });
  const [low, high] = [Math.min(...first), Math.max(...last)];
  return low > high
    ? operations.slice(Math.min(...last), Math.max(...first) + 1)
    : operations.slice(low, high + 1);
}

function layerRows(
  operation: Operation,
  depth: number,
  model: SummaryModel,
  options: SummaryOptions,
  connections: boolean,
): string[][] {
  const prefix = depth === 0 ? "" : `${"   ".repeat(depth)}└ `;
  const row = [
    `${prefix}${operation.name} (${className(operation)})`,
    outputShape(operation),
    parameters(operation),
  ];
  if (connections) row.push(connectedTo(operation, model.levels ?? []));
  if (options.showTrainable) row.push(trainableMark(operation));
  const nested = options.expandNested ? innerLayers(operation) : [];
  return [row, ...nested.flatMap((layer) => layerRows(layer, depth + 1, model, options, connections))];
}

/** Of models; other layers with layers inside stay one line, as in Keras. */
function innerLayers(operation: Operation): readonly Layer<unknown>[] {
  const layers: unknown = operation instanceof Layer && "layers" in operation ? operation.layers : [];
  return Array.isArray(layers) ? layers : [];
}

const className = (operation: Operation): string =>
  operation instanceof FunctionOperation ? operation.info.className : classNameOf(operation);

function outputShape(operation: Operation): string {
  const node = operation.inboundNodes.at(-1);
  const shapes =
    node === undefined ? builtShape(operation) : mapNest(node.result, (tensor) => toKerasShape(tensor.shape));
  return shapes === undefined ? "?" : printShapes(shapes);
}

/** The shape of a layer that was built by hand. */
function builtShape(operation: Operation): Nest<KerasShape> | KerasShape | undefined {
  if (!(operation instanceof Layer) || operation.builtShape === undefined) return undefined;
  return operation.computeOutputShape(operation.builtShape);
}

const isShape = (value: unknown): value is KerasShape =>
  Array.isArray(value) && value.every((dim) => dim === null || typeof dim === "number");

function printShapes(shapes: unknown): string {
  if (isShape(shapes)) return `(${shapes.map((dim) => dim ?? "None").join(", ")})`;
  if (Array.isArray(shapes))
    return shapes.length === 1 ? printShapes(shapes[0]) : `[${shapes.map(printShapes).join(", ")}]`;
  if (!isPlainObject(shapes)) return "?";
  return `{${Object.entries(shapes)
    .map(([key, shape]) => `${key}: ${printShapes(shape)}`)
    .join(", ")}}`;
}

function parameters(operation: Operation): string {
  if (!(operation instanceof Layer)) return "0";
  return operation.built ? withCommas(operation.countParams()) : "0 (unbuilt)";
}

function connectedTo(operation: Operation, levels: readonly (readonly Node[])[]): string {
  const nodes = levels.flat();
  const inputs = operation.inboundNodes
    .filter((node) => nodes.includes(node))
    .flatMap((node) => node.inputs.map(historyOf));
  return inputs.length === 0
    ? "-"
    : inputs
        .map(({ operation: from, nodeIndex, tensorIndex }) => `${from.name}[${nodeIndex}][${tensorIndex}]`)
        .join(", ");
}

function trainableMark(operation: Operation): string {
  if (!(operation instanceof Layer) || operation.weights.length === 0) return "-";
  return operation.trainable ? "Y" : "N";
}

function totals({ trainableWeights, nonTrainableWeights, optimizerVariables }: SummaryModel): string[] {
  const line = (title: string, variables: readonly Variable[]): string => {
    const count = variables.reduce((sum, { size }) => sum + size, 0);
    const bytes = variables.reduce((sum, { size, dtype }) => sum + size * byteWidth(dtype), 0);
    return ` ${title} params: ${withCommas(count)} (${readableSize(bytes)})`;
  };
  return [
    line("Total", [...trainableWeights, ...nonTrainableWeights, ...(optimizerVariables ?? [])]),
    line("Trainable", trainableWeights),
    line("Non-trainable", nonTrainableWeights),
    ...(optimizerVariables === undefined ? [] : [line("Optimizer", optimizerVariables)]),
  ];
}

const withCommas = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

function readableSize(bytes: number): string {
  let size = bytes;
  for (const unit of ["B", "KB", "MB", "GB", "TB"]) {
    if (size < 1024) return `${fixed(size, 2)} ${unit}`;
    size /= 1024;
  }
  return `${fixed(size, 2)} PB`;
}
