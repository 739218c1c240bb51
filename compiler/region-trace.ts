/**
 * Traces the body of a loop or branch: user code on tensors that stand for its variables and slices becomes a region. What the code uses from
 * outside (tensors of the trace or tape around, eager tensors, arrays) becomes a capture, and an argument of the region.
 */
import type { Block, BlockArg } from "../ir/graph.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { sizeOf } from "../ir/ndarray.ts";
import type { OpTable } from "../ir/op.ts";
import type { TensorType } from "../ir/type.ts";
import type { Engine, Tensor } from "./tensor.ts";
import { Trace } from "./trace.ts";

/** What the regions of one op capture, each tensor once. */
export class Captures {
  readonly tensors: Tensor[] = [];
  private readonly positions = new Map<object, number>();

  /** The number of a captured tensor. */
  position(tensor: Tensor): number {
    const known = this.positions.get(tensor.payload);
    if (known !== undefined) return known;
    this.positions.set(tensor.payload, this.tensors.length);
    return this.tensors.push(tensor) - 1;
  }
}

export class RegionTrace extends Trace {
  readonly depth: number;
  private readonly outer: Engine;
  private readonly captures: Captures;
  private readonly given: BlockArg[] = [];
  /** By the number of the capture. */
  private readonly captured = new Map<number, BlockArg>();

  constructor(ops: OpTable, outer: Engine, captures: Captures) {
    super(ops);
    this.outer = outer;
    this.captures = captures;
    this.depth = (outer.depth ?? 0) + 1;
    if (outer instanceof Trace) this.builder.loc = outer.builder.loc;
  }

  /** The next argument of the region. */
  take({ dtype, shape }: TensorType): Tensor {
    const arg: BlockArg = { kind: "arg", type: { dtype, shape } };
    this.given.push(arg);
    return this.wrap(arg);
  }

  override adopt(tensor: Tensor): Tensor {
    if (tensor.engine === this) return tensor;
    // What belongs to a loop inside of this one has no value here.
    if ((tensor.engine.depth ?? 0) >= this.depth) return super.adopt(tensor);
    const position = this.captures.position(tensor);
    const arg = this.captured.get(position) ?? { kind: "arg", type: tensor.type };
    this.captured.set(position, arg);
    return this.wrap(arg);
  }

  /** Arrays stay outside, so that one region serves for many. */
  override constant(array: NDArray): Tensor {
    return sizeOf(array.shape) > 1 ? this.adopt(this.outer.constant(array)) : super.constant(array);
  }

  /** Closes the region: the arguments taken, then one for each capture of the op, used here or not. */
  close(returns: readonly Tensor[]): Block {
    const values = returns.map((tensor) => this.value(tensor));
    const captured = this.captures.tensors.map(
      ({ type }, i): BlockArg => this.captured.get(i) ?? { kind: "arg", type },
    );
    return this.builder.block([...this.given, ...captured], values);
  }
}
