/**
 * Variables inside a trace: each becomes an argument when first read; the last value assigned becomes a result.
 */
import { CompilerBug } from "../../ir/errors.ts";
import type { OpTable } from "../../ir/op.ts";
import { opTable } from "../../ir/ops/index.ts";
import type { TensorType } from "../../ir/type.ts";
import { setShape, type Tensor } from "../tensor.ts";
import { Trace } from "../trace.ts";
import { session, type VariableScope } from "./session.ts";
import type { Variable } from "./variable.ts";

/** Variables that lie end to end in one argument. */
export interface Piece {
  readonly variables: readonly Variable[];
  /** Where each variable starts, in elements. */
  readonly offsets: readonly number[];
  /** The argument. */
  bind(): Tensor;
}

export class TraceScope implements VariableScope {
  readonly engine: Trace;
  /** What was assigned to variables one by one. */
  readonly updates = new Map<Variable, Tensor>();
  /** What was assigned to pieces as a whole. */
  private readonly pieceValues = new Map<Piece, Tensor>();
  private readonly values = new Map<Variable, Tensor>();
  private readonly bind: (variable: Variable) => Tensor;
  private readonly pieces = new Map<Variable, Piece>();

  /** `bind` makes the argument that stands for a variable that lies in no piece. */
  constructor(trace: Trace, bind: (variable: Variable) => Tensor, pieces: readonly Piece[] = []) {
    this.engine = trace;
    this.bind = bind;
    for (const piece of pieces) for (const variable of piece.variables) this.pieces.set(variable, piece);
  }

  read(variable: Variable): Tensor {
    const known = this.values.get(variable);
    if (known !== undefined) return known;
    const piece = this.pieces.get(variable);
    const tensor = piece === undefined ? this.bind(variable) : this.part(piece, variable);
    this.values.set(variable, tensor);
    return tensor;
  }

  /** A variable's part of its piece. */
  private part(piece: Piece, variable: Variable): Tensor {
    const start = piece.offsets[piece.variables.indexOf(variable)];
    const whole = this.pieceValues.get(piece) ?? piece.bind();
    const attrs = { starts: [start], limits: [start + variable.size], strides: [1] };
    return setShape(this.engine.op("slice", [whole], attrs)[0], variable.shape);
  }

  write(variable: Variable, value: Tensor): boolean {
    this.values.set(variable, value);
    this.updates.set(variable, value);
    return true;
  }

  private pieceOf(variables: readonly Variable[]): Piece | undefined {
    const piece = this.pieces.get(variables[0]);
    const isAll = piece?.variables.length === variables.length;
    return isAll && variables.every((variable, i) => variable === piece.variables[i]) ? piece : undefined;
  }

  hasGroup(variables: readonly Variable[]): boolean {
    return this.pieceOf(variables) !== undefined;
  }

  readGroup(variables: readonly Variable[]): Tensor {
    const piece = this.pieceOf(variables);
    if (piece !== undefined && variables.every((variable) => !this.updates.has(variable)))
      return this.pieceValues.get(piece) ?? piece.bind();
    const flat = variables.map((variable) => setShape(this.read(variable), [variable.size]));
    return flat.length === 1 ? flat[0] : this.engine.op("concat", flat, { axis: 0 })[0];
  }

  writeGroup(variables: readonly Variable[], value: Tensor): void {
    const piece = this.pieceOf(variables);
    if (piece === undefined) throw new CompilerBug("training", "variables of a group lie apart");
    this.pieceValues.set(piece, value);
    for (const variable of variables) {
      this.values.delete(variable);
      this.updates.delete(variable);
    }
  }

  /** The new values of variables, as the arguments hold them: pieces, and variables on their own. */
  changes(): readonly { readonly variables: readonly Variable[]; readonly tensor: Tensor }[] {
    const pieces = new Set([
      ...this.pieceValues.keys(),
      ...[...this.updates.keys()].flatMap((variable) => this.pieces.get(variable) ?? []),
    ]);
    const alone = [...this.updates].filter(([variable]) => !this.pieces.has(variable));
    return [
      ...[...pieces].map(({ variables }) => ({ variables, tensor: this.readGroup(variables) })),
      ...alone.map(([variable, tensor]) => ({ variables: [variable], tensor })),
    ];
  }

  /** Everything that later code may still read: for rewrites of what was traced so far. */
  known(): readonly Tensor[] {
    return [...this.values.values(), ...this.pieceValues.values()];
  }
}

/** Runs `body` on tensors of the given types, in a trace that is thrown away: what infers the types of a layer's outputs. */
export function scratchTrace<T>(
  types: readonly TensorType[],
  body: (inputs: readonly Tensor[]) => T,
  ops: OpTable = opTable,
): T {
  const trace = new Trace(ops);
  let variables = 0;
  const scope = new TraceScope(trace, (variable) =>
    trace.variable(`${variable.path}#${variables++}`, variable),
  );
  const inputs = types.map(({ dtype, shape }, i) => trace.input(`input${i}`, dtype, shape));
  return session.within(scope, () => body(inputs));
}
