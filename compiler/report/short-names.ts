/**
 * Kernels and slots are called after the layers they come from, with the model in front: `mnist_conv2d`, `mnist/conv2d`. In the report
 * of one model that says nothing.
 */
import type { Func, Op } from "../../ir/graph.ts";

/** Takes the model's name away, where all ops that come from a layer agree on it. */
export function shortener(func: Func | undefined): (name: string) => string {
  const locs = (func?.body.ops ?? []).flatMap(locsOf).filter((loc) => loc.includes("/"));
  const models = new Set(locs.map((loc) => loc.slice(0, loc.indexOf("/"))));
  const [model] = models;
  if (models.size !== 1) return (name) => name;
  return (name) => name.replaceAll(`${model}_`, "").replaceAll(`${model}/`, "");
}

const locsOf = ({ loc, regions }: Op): string[] => [
  loc,
  ...regions.flatMap((region) => region.ops.flatMap(locsOf)),
];
