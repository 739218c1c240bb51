/**
 * Variables inside a trace: each becomes an argument when first read; the last value assigned becomes a result.
 */
import type { OpTable } from "../../ir/op.ts";
import { opTable } from "../../ir/ops/index.ts";
import type { TensorType } from "../../ir/type.ts";
import type { Tensor } from "../tensor.ts";
import { Trace } from "../trace.ts";
import { session, type VariableScope } from "./session.ts";
import type { Variable } from "./variable.ts";

export class TraceScope implements VariableScope {
  readonly engine: Trace;
  /** What was assigned, by variable. */
  readonly updates = new Map<Variable, Tensor>();
  private readonly values = new Map<Variable, Tensor>();
  private readonly bind: (variable: Variable) => Tensor;

  /** `bind` makes the argument that stands for a variable. */
  constructor(trace: Trace, bind: (variable: Variable) => Tensor) {
    this.engine = trace;
    this.bind = bind;
  }

  read(variable: Variable): Tensor {
    const known = this.values.get(variable);
    if (known !== undefined) return known;
    const tensor = this.bind(variable);
    this.values.set(variable, tensor);
    return tensor;
  }

  write(variable: Variable, value: Tensor): boolean {
    this.values.set(variable, value);
    this.updates.set(variable, value);
    return true;
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
