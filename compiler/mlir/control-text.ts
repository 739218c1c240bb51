/**
 * Control over regions as scf operations on tensors: a choice is scf.if, a loop of known length scf.for over slices, any other scf.while.
 */
import { Unsupported } from "../../ir/errors.ts";
import type { Block, Op } from "../../ir/graph.ts";
import type { Control, Counted } from "../../ir/op.ts";
import { type TensorType, tensorType } from "../../ir/type.ts";
import { type FuncText, tensorText } from "./func-text.ts";

/** Writes a block whose arguments are these values; gives the names of what it returns. */
export type WriteBlock = (block: Block, args: readonly string[]) => readonly string[];

/** Writes an op with regions; gives the names of its results. */
export function writeControl(
  text: FuncText,
  op: Op,
  control: Control,
  operands: readonly string[],
  block: WriteBlock,
): readonly string[] {
  switch (control.runs) {
    case "once":
      return block(op.regions[0], operands);
    case "choice":
      return writeChoice(text, op, operands, block);
    case "while":
      return writeWhile(text, op, control.carries(op.attrs), operands, block);
    case "for":
      return writeFor(text, op, control.counts(op.attrs), operands, block);
  }
}

const typesText = (types: readonly TensorType[]): string => types.map(tensorText).join(", ");

/** `%3 = ` or `%3:2 = `, and the names of the results. */
function resultsOf(
  text: FuncText,
  count: number,
): { readonly head: string; readonly names: readonly string[] } {
  if (count === 0) return { head: "", names: [] };
  const name = text.fresh();
  if (count === 1) return { head: `${name} = `, names: [name] };
  return { head: `${name}:${count} = `, names: Array.from({ length: count }, (_, i) => `${name}#${i}`) };
}

const yieldLine = (values: readonly string[], types: readonly TensorType[]): string =>
  values.length === 0 ? "scf.yield" : `scf.yield ${values.join(", ")} : ${typesText(types)}`;

function writeChoice(
  text: FuncText,
  op: Op,
  [choice, ...captures]: readonly string[],
  block: WriteBlock,
): readonly string[] {
  const types = op.results.map(({ type }) => type);
  const cond = text.emit(`tensor.extract ${choice}[] : tensor<i1>`);
  const { head, names } = resultsOf(text, types.length);
  const branch = (region: Block) => (): void => text.line(yieldLine(block(region, captures), types));
  text.nest(`${head}scf.if ${cond} -> (${typesText(types)}) {`, branch(op.regions[0]), "} else {");
  text.indented(branch(op.regions[1]));
  return names;
}

function writeWhile(
  text: FuncText,
  op: Op,
  count: number,
  operands: readonly string[],
  block: WriteBlock,
): readonly string[] {
  const types = op.results.map(({ type }) => type);
  const captures = operands.slice(count);
  const { head, names } = resultsOf(text, count);
  const carried = types.map(() => text.fresh());
  const begin = carried.map((name, i) => `${name} = ${operands[i]}`).join(", ");
  text.nest(
    `${head}scf.while (${begin}) : (${typesText(types)}) -> (${typesText(types)}) {`,
    () => {
      const [answer] = block(op.regions[0], [...carried, ...captures]);
      const cond = text.emit(`tensor.extract ${answer}[] : tensor<i1>`);
      text.line(`scf.condition(${cond}) ${carried.join(", ")} : ${typesText(types)}`);
    },
    "} do {",
  );
  text.indented(() => {
    const args = types.map(() => text.fresh());
    text.line(`^bb0(${args.map((arg, i) => `${arg}: ${tensorText(types[i])}`).join(", ")}):`);
    text.line(yieldLine(block(op.regions[1], [...args, ...captures]), types));
  });
  return names;
}

function writeFor(
  text: FuncText,
  op: Op,
  counted: Counted,
  operands: readonly string[],
  block: WriteBlock,
): readonly string[] {
  const { length, reverse, carries, inputs, outputs } = counted;
  const types = op.results.map(({ type }) => type);
  if (types.length === 0) throw new Unsupported("the bridge to linalg", "a loop without results");
  const stacks = types.slice(carries).map((type) => text.empty(type));
  const begin = [...operands.slice(0, carries), ...stacks];
  const [zero, one] = [text.size(0), text.size(1)];
  const extent = text.size(length);
  const { head, names } = resultsOf(text, types.length);
  const counter = text.fresh();
  const carried = types.map(() => text.fresh());
  const pairs = carried.map((name, i) => `${name} = ${begin[i]}`).join(", ");
  text.nest(
    `${head}scf.for ${counter} = ${zero} to ${extent} step ${one} iter_args(${pairs}) -> (${typesText(types)}) {`,
    () => {
      const at = reverse ? fromEnd(text, counter, extent) : counter;
      const slices = inputs.map((axis, i) =>
        takeSlice(text, operands[carries + i], op.operands[carries + i].type, axis, at),
      );
      const captures = operands.slice(carries + inputs.length);
      const returns = block(op.regions[0], [...carried.slice(0, carries), ...slices, ...captures]);
      const next = outputs.map((axis, i) =>
        putSlice(text, returns[carries + i], carried[carries + i], types[carries + i], axis, at),
      );
      text.line(yieldLine([...returns.slice(0, carries), ...next], types));
    },
  );
  return names;
}

function fromEnd(text: FuncText, counter: string, extent: string): string {
  const last = text.emit(`arith.subi ${extent}, ${text.size(1)} : index`);
  return text.emit(`arith.subi ${last}, ${counter} : index`);
}

/** `[%i, 0] [1, 3] [1, 1]`: one position of an axis, all of the others. */
function place(text: FuncText, { shape }: TensorType, axis: number, at: string): string {
  const list = (item: (i: number) => string): string => `[${shape.map((_, i) => item(i)).join(", ")}]`;
  const size = (i: number): string => {
    const dim = shape[i];
    return typeof dim === "number" ? String(dim) : text.size(dim);
  };
  return `${list((i) => (i === axis ? at : "0"))} ${list((i) => (i === axis ? "1" : size(i)))} ${list(() => "1")}`;
}

const without = ({ dtype, shape }: TensorType, axis: number): TensorType =>
  tensorType(
    dtype,
    shape.filter((_, i) => i !== axis),
  );

const takeSlice = (text: FuncText, value: string, type: TensorType, axis: number, at: string): string =>
  text.emit(
    `tensor.extract_slice ${value}${place(text, type, axis, at)} : ${tensorText(type)} to ${tensorText(without(type, axis))}`,
  );

const putSlice = (
  text: FuncText,
  value: string,
  stack: string,
  type: TensorType,
  axis: number,
  at: string,
): string =>
  text.emit(
    `tensor.insert_slice ${value} into ${stack}${place(text, type, axis, at)} : ${tensorText(without(type, axis))} into ${tensorText(type)}`,
  );
