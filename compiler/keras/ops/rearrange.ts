/**
 * `keras.ops.rearrange`: axes by name, split, merged and in another order (Rogozhnikov, "Einops", 2022).
 */
import { type Dim, divideDims, equalDims, mulDims, printDim } from "../../../ir/dim.ts";
import { ModelError } from "../../../ir/errors.ts";
import { setShape, type Tensor, type TensorLike } from "../../tensor.ts";
import { permute } from "./movement.ts";
import { asTensor, operation } from "./operation.ts";

/** One side of a pattern: the names behind each axis, several where it is "(a b)". */
type Side = readonly (readonly string[])[];

function parseSide(text: string): Side {
  const parts = text.match(/\([^()]*\)|[A-Za-z_]\w*|1|\S/g) ?? [];
  return parts.map((part) => {
    const names = part
      .replace(/[()]/g, " ")
      .split(/\s+/)
      .filter((name) => name !== "" && name !== "1");
    const bad = names.find((name) => !/^[A-Za-z_]\w*$/.test(name));
    if (bad !== undefined)
      throw new ModelError("not a pattern", {
        where: "ops.rearrange",
        expected: "names, and groups of them in parentheses",
        got: bad,
      });
    return names;
  });
}

/** The sizes of all names: those given, and in each group the one that is missing. */
function sizesOf(x: Tensor, side: Side, given: { readonly [name: string]: number }): Map<string, Dim> {
  if (side.length !== x.rank)
    throw new ModelError("the pattern has another rank", {
      where: "ops.rearrange",
      expected: `${side.length} axes`,
      got: `${x}`,
    });
  const sizes = new Map<string, Dim>(Object.entries(given));
  side.forEach((names, axis) => {
    const open = names.filter((name) => !sizes.has(name));
    const known = names.reduce<Dim>((product, name) => mulDims(product, sizes.get(name) ?? 1), 1);
    const rest = divideDims(x.shape[axis], known);
    const fits =
      open.length === 0 ? equalDims(known, x.shape[axis]) : open.length === 1 && rest !== undefined;
    if (!fits || rest === undefined)
      throw new ModelError("sizes do not fit the pattern", {
        where: "ops.rearrange",
        expected: `an axis of (${names.join(" ")}) with at most one size left open`,
        got: `${printDim(x.shape[axis])}`,
      });
    if (open.length === 1) sizes.set(open[0], rest);
  });
  return sizes;
}

/**
 * The tensor with its axes as the right side says. Sizes that do not follow from the shape are given by name. Throws ModelError where names are
 * missing on a side, or sizes do not fit.
 *
 *     ops.rearrange(x, "b (h c) d -> b h c d", { h: 4 })
 */
export const rearrange = operation(
  "einops",
  "rearrange",
  (tensor: TensorLike, pattern: string, ...lengths: readonly { readonly [name: string]: number }[]) => {
    const x = asTensor(tensor);
    const sides = pattern.split("->").map(parseSide);
    const [from, to] = sides.map((side) => side.flat());
    if (
      sides.length !== 2 ||
      [...from].sort().join(" ") !== [...to].sort().join(" ") ||
      new Set(from).size !== from.length
    )
      throw new ModelError("not a pattern", {
        where: "ops.rearrange",
        expected: `the same names on both sides of "->"`,
        got: pattern,
      });
    const sizes = sizesOf(x, sides[0], Object.assign({}, ...lengths));
    const size = (name: string): Dim => sizes.get(name) ?? 1;
    const apart = permute(
      setShape(x, from.map(size)),
      to.map((name) => from.indexOf(name)),
    );
    return setShape(
      apart,
      sides[1].map((names) => names.map(size).reduce<Dim>(mulDims, 1)),
    );
  },
);
