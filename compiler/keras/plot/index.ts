/**
 * `keras.utils.plotModel` and `modelToDot`: pictures of models.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Model } from "../models/model.ts";
import { type Options, readOptions } from "../options.ts";
import { writeFile } from "../saving/files.ts";
import { drawSvg } from "./draw-svg.ts";
import { type PlotBox, type PlotOptions, plotGraph } from "./model-graph.ts";

const defaults = {
  showShapes: false,
  showDtype: false,
  showLayerNames: false,
  rankdir: "TB" as "TB" | "LR",
  expandNested: false,
  dpi: 200,
  showLayerActivations: false,
  showTrainable: false,
};

interface PlotModelOptions extends PlotOptions {
  /** Where to write the picture: a name that ends in ".svg". Default null, nowhere. */
  readonly toFile?: string | null;
  /** 200 (default) gives a pixel to each point. */
  readonly dpi?: number;
}

/**
 * The model as an SVG picture: `await keras.utils.plotModel(model, { toFile: "model.svg", showShapes: true })`. Resolves to the text of the picture. Rejects with
 * ModelError for a model that is not built, and for files of other kinds: Keras has Graphviz draw those.
 */
export async function plotModel(
  model: Model<unknown>,
  ...args: [toFile?: string | null | Options<PlotModelOptions>, options?: Options<PlotModelOptions>]
): Promise<string> {
  const all = { ...defaults, toFile: null as string | null };
  const { toFile, dpi, ...options } = readOptions(args, all, { owner: "plotModel", positional: ["toFile"] });
  if (toFile !== null && !toFile.endsWith(".svg"))
    throw new ModelError("only SVG is drawn", {
      where: "plotModel",
      expected: "a name that ends in .svg",
      got: `Received: toFile=${toFile}`,
    });
  checkDirection(options.rankdir, "plotModel");
  const svg = drawSvg(plotGraph(model, options), options.rankdir, dpi);
  if (toFile !== null) await writeFile(toFile, new TextEncoder().encode(svg));
  return svg;
}

function checkDirection(rankdir: string, where: string): void {
  if (rankdir !== "TB" && rankdir !== "LR")
    throw new ModelError("unknown direction", {
      where,
      expected: `"TB" or "LR"`,
      got: `Received: rankdir=${rankdir}`,
    });
}

/** The model in the language of Graphviz, as text. Throws ModelError for a model that is not built. */
export function modelToDot(
  model: Model<unknown>,
  options: Options<PlotOptions & { readonly dpi?: number }> = {},
): string {
  const all = { ...defaults, showLayerNames: true };
  const { dpi, ...read } = readOptions([options], all, { owner: "modelToDot", positional: [] });
  checkDirection(read.rankdir, "modelToDot");
  const { boxes, arrows } = plotGraph(model, read);
  const inside = (depth: number, members: readonly PlotBox[]): string[] => {
    const indent = "  ".repeat(depth + 1);
    const own = members
      .filter(({ frames }) => frames.length === depth)
      .map((box) => `${indent}n${box.id} [label=${labelOf(box)}];`);
    const frames = new Set(members.flatMap(({ frames: all }) => all.slice(depth, depth + 1)));
    const nested = [...frames].flatMap((frame) => [
      `${indent}subgraph cluster_${frame.id} {`,
      `${indent}  style=dashed; labeljust=l; label=${JSON.stringify(frame.name)};`,
      ...inside(
        depth + 1,
        members.filter(({ frames: all }) => all[depth] === frame),
      ),
      `${indent}}`,
    ]);
    return [...own, ...nested];
  };
  return [
    "digraph G {",
    `  rankdir=${read.rankdir}; concentrate=true; dpi=${dpi}; splines=ortho;`,
    `  node [shape=record, fontname=Helvetica];`,
    ...inside(0, boxes),
    ...arrows.map(([from, to]) => `  n${from} -> n${to} [penwidth=2];`),
    "}\n",
  ].join("\n");
}

/** A record: title, activation and a row of cells. */
function labelOf({ title, activation, cells, trainable }: PlotBox): string {
  const plain = (text: string): string => text.replace(/[{}|<>\\"]/g, (character) => `\\${character}`);
  const row = [...cells, ...(trainable === undefined ? [] : [trainable ? "Trainable" : "Non-trainable"])];
  const lines = [title, ...(activation === undefined ? [] : [`Activation: ${activation}`])].map(plain);
  if (row.length > 0) lines.push(`{${row.map(plain).join("|")}}`);
  return `"{${lines.join("|")}}"`;
}
