/**
 * `EinsumDense`: a dense layer whose product is an einsum.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { elementwise, type Tensor } from "../../../tensor.ts";
import type { InitializerLike } from "../../initializers/index.ts";
import { VarianceScaling } from "../../initializers/scaling.ts";
import { einsum } from "../../ops/linalg.ts";
import type { Options } from "../../options.ts";
import type { KerasDim, KerasShape } from "../../shapes.ts";
import type { Variable } from "../../variable.ts";
import { ConfiguredLayer, optional, required, type Settled } from "../configured-layer.ts";
import { type KernelOptions, kernelDefaults } from "./kernel-options.ts";

export interface EinsumDenseOptions extends Omit<KernelOptions, "useBias"> {
  /** "abc,cd->abd": input, kernel, result; "..." stands for any axes, on the left or on the right of input and result. */
  equation?: string;
  /** The shape of the result without the batch and without elided axes; null where the input says it. */
  outputShape?: number | KerasShape;
  /** The axes of the result that the bias has: "d". Default null: no bias. */
  biasAxes?: string | null;
}

const { useBias: _, activation, ...rest } = kernelDefaults;
const defaults = {
  equation: required<string>(),
  outputShape: required<number | KerasShape>(),
  activation,
  biasAxes: optional<string>(),
  ...rest,
};

/**
 * activation(einsum(equation, x, kernel) + bias). Weights: kernel, bias, with the shapes that equation and output shape give.
 *
 * Example: `layers.EinsumDense("abc,cd->abd", [null, 64], { biasAxes: "d" })(x)`. Throws ModelError for equations that are no product of input and
 * kernel, and where sizes do not fit.
 */
export class EinsumDense extends ConfiguredLayer<typeof defaults, Tensor> {
  static readonly className = "EinsumDense";
  kernel: Variable | undefined;
  bias: Variable | undefined;

  constructor(
    ...args: [
      equation: string | Options<EinsumDenseOptions>,
      outputShape?: number | KerasShape | Options<EinsumDenseOptions>,
      options?: Options<EinsumDenseOptions>,
    ]
  ) {
    super(args, defaults);
  }

  protected override settle(options: Settled<typeof defaults>): Settled<typeof defaults> {
    const { outputShape } = options;
    return { ...options, outputShape: typeof outputShape === "number" ? [outputShape] : outputShape };
  }

  override build(inputShape: KerasShape): void {
    const equation = parseEquation(this.options.equation, inputShape.length, this.where);
    const sizes = this.sizesOf(equation, inputShape);
    const shape = [...equation.kernel].map((label) => this.sizeOf(label, sizes));
    this.inputSpec = [{ ndim: inputShape.length }];
    this.kernel = this.weightFor("kernel", shape, { initializer: this.initializerFor(equation) });
    const { biasAxes } = this.options;
    if (biasAxes !== null) this.bias = this.weightFor("bias", this.biasShape(equation, biasAxes, sizes));
  }

  /** The size of each label. Throws ModelError where input and result disagree. */
  private sizesOf(
    { input, output, elided, left }: Equation,
    inputShape: KerasShape,
  ): ReadonlyMap<string, KerasDim> {
    const sizes = new Map<string, KerasDim>();
    const note = (label: string, size: KerasDim): void => {
      const known = sizes.get(label) ?? null;
      if (known !== null && size !== null && known !== size)
        throw new ModelError(`input and output disagree on the size of "${label}"`, {
          where: this.where,
          got: `${known} and ${size}`,
        });
      sizes.set(label, size ?? known);
    };
    const shape = this.options.outputShape as KerasShape;
    // The batch is not part of the given shape, unless it is among the elided axes.
    const given = left && elided > 0 ? shape : [null, ...shape];
    [...output].forEach((label, i) => note(label, given[i] ?? null));
    [...input].forEach((label, i) => note(label, inputShape[left ? i + elided : i]));
    return sizes;
  }

  private sizeOf(label: string, sizes: ReadonlyMap<string, KerasDim>): number {
    const size = sizes.get(label);
    if (typeof size === "number") return size;
    throw new ModelError(`the size of "${label}" in the kernel is not known`, {
      where: this.where,
      got: `equation="${this.options.equation}", output_shape=${JSON.stringify(this.options.outputShape)}`,
    });
  }

  /** The bias begins at its first axis; axes it does not have are 1. */
  private biasShape(
    { output, elided, left }: Equation,
    axes: string,
    sizes: ReadonlyMap<string, KerasDim>,
  ): number[] {
    const unknown = [...axes].find((label) => !output.includes(label));
    if (unknown !== undefined)
      throw new ModelError(`the bias axis "${unknown}" is no axis of the output "${output}"`, {
        where: this.where,
      });
    const first = Math.min(...[...axes].map((label) => output.indexOf(label)));
    const shape = [...output.slice(first)].map((label) =>
      axes.includes(label) ? this.sizeOf(label, sizes) : 1,
    );
    return left ? shape : [...shape, ...new Array<number>(elided).fill(1)];
  }

  /** Scaling initializers count fan-in and fan-out by what the equation sums over: they draw a matrix of these sizes. */
  private initializerFor({ kernel, output }: Equation): InitializerLike {
    const { kernelInitializer: given } = this.options;
    if (!(given instanceof VarianceScaling)) return given;
    return (shape: readonly number[], { dtype }: { dtype: string }) => {
      const product = (isOutput: boolean): number =>
        shape.reduce((size, dim, i) => (output.includes(kernel[i]) === isOutput ? size * dim : size), 1);
      return { ...given([product(false), product(true)], { dtype }), shape };
    };
  }

  /** As in Keras, sizes that the output shape leaves open stay open. */
  override computeOutputShape(inputShape: KerasShape): KerasShape {
    const { elided, left } = parseEquation(this.options.equation, inputShape.length, this.where);
    const shape = this.options.outputShape as KerasShape;
    if (left) return [...inputShape.slice(0, Math.max(elided, 1)), ...shape];
    return [inputShape[0], ...shape, ...inputShape.slice(inputShape.length - elided)];
  }

  override call(x: Tensor): Tensor {
    const { equation, activation: f } = this.options;
    const product = einsum(equation, x, this.made(this.kernel));
    return f(this.bias === undefined ? product : elementwise("add", [product, this.bias]));
  }
}

interface Equation {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  /** How many axes "..." stands for, and where. */
  readonly elided: number;
  readonly left: boolean;
}

function parseEquation(equation: string, rank: number, where: string): Equation {
  const forms = [
    /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/,
    /^\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)$/,
    /^([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.$/,
  ];
  const [form, match] = forms
    .map((pattern, i) => [i, pattern.exec(equation)] as const)
    .find(([, found]) => found !== null) ?? [0, null];
  if (match === null)
    throw new ModelError(
      `Invalid einsum equation "${equation}": it must be [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]...`,
      { where },
    );
  const [, input, kernel, output] = match;
  const known = new Set([...input, ...kernel]);
  const lost = [...output].find((label) => !known.has(label));
  if (lost !== undefined)
    throw new ModelError(`"${lost}" is in the output but in no operand`, { where, got: equation });
  return { input, kernel, output, elided: rank - input.length, left: form === 1 };
}
