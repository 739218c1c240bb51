/**
 * Optimizers that see a weight as a matrix: Adafactor keeps only the sums of its rows and columns, Muon makes the step orthogonal.
 */
import { mean, setShape, sum, type Tensor } from "../../tensor.ts";
import { square } from "../losses/operands.ts";
import { apply } from "../ops/apply.ts";
import { matmulOf } from "../ops/linalg.ts";
import { transpose } from "../ops/movement.ts";
import { type JsonObject, readOptions } from "../options.ts";
import type { Variable } from "../variable.ts";
import { filled, moved } from "./adam.ts";
import { Optimizer, type Slot, type SlotGroups } from "./optimizer.ts";
import { type LearningRate, type OptimizerArguments, optimizerDefaults } from "./options.ts";
import type { Step, Stepped } from "./update.ts";

interface AdafactorOptions {
  /** The exponent of the share of old squares; default -0.8. */
  beta2Decay?: number;
  /** Added to squares; default 1e-30. */
  epsilon1?: number;
  /** The smallest scale of a weight; default 1e-3. */
  epsilon2?: number;
  /** The largest root mean square of a step; default 1. */
  clipThreshold?: number;
  /** Whether the learning rate falls with the step: min(rate, 1 / sqrt(t)); default true. */
  relativeStep?: boolean;
}
const adafactorDefaults = {
  beta2Decay: -0.8,
  epsilon1: 1e-30,
  epsilon2: 1e-3,
  clipThreshold: 1,
  relativeStep: true,
};

/**
 * Adam in sublinear memory (Shazeer and Stern, 2018): the second moments of a matrix are the product of its mean rows and columns. Steps are
 * relative to the size of the weight. Default rate 0.001.
 */
export class Adafactor extends Optimizer {
  static readonly className = "Adafactor";
  private readonly own: typeof adafactorDefaults;

  constructor(...args: OptimizerArguments<AdafactorOptions>) {
    const read = readOptions(
      args,
      { ...optimizerDefaults, learningRate: 0.001 as LearningRate, ...adafactorDefaults },
      { owner: "Adafactor", positional: ["learningRate", ...Object.keys(adafactorDefaults)] },
    );
    super(read);
    this.own = read;
  }

  override get isElementwise(): boolean {
    return false;
  }

  override slotGroups({ shape }: Variable): SlotGroups {
    // Vectors have none, but as in Keras files hold a number in their place.
    const nothing = { shape: [], dtype: "i32" } as const;
    if (shape.length < 2)
      return [[{ name: "rows", ...nothing }, { name: "columns", ...nothing }, "velocity"]];
    const rows: Slot = { name: "rows", shape: shape.slice(0, -1) };
    const columns: Slot = { name: "columns", shape: [...shape.slice(0, -2), ...shape.slice(-1)] };
    return [[rows, columns, "velocity"]];
  }

  override update({ weight, gradient, slots, learningRate, step }: Step): Stepped {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep } = this.own;
    const falling = apply("div", 1, apply("sqrt", step));
    const limited = relativeStep && this.hasSettableRate ? apply("min", learningRate, falling) : learningRate;
    const scale = apply("mul", apply("max", epsilon2, rms(weight)), apply("min", limited, falling));
    const squares = apply("add", square(gradient), epsilon1);
    const share = apply("sub", 1, apply("pow", step, beta2Decay));
    const next = secondMoments(slots, squares, share);
    const change = apply("div", gradient, apply("sqrt", next[next.length - 1]));
    const clipped = apply("div", change, apply("max", 1, apply("div", rms(change), clipThreshold)));
    return { weight: apply("sub", weight, apply("mul", scale, clipped)), slots: next };
  }

  override getConfig(): JsonObject {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep } = this.own;
    return {
      ...super.getConfig(),
      beta_2_decay: beta2Decay,
      epsilon_1: epsilon1,
      epsilon_2: epsilon2,
      clip_threshold: clipThreshold,
      relative_step: relativeStep,
    };
  }
}

const rms = (x: Tensor): Tensor => apply("sqrt", mean(square(x), null, false));

/** Rows, columns and their product over the mean of the rows; or, for vectors, the moments themselves. */
function secondMoments(slots: readonly Tensor[], squares: Tensor, share: Tensor): readonly Tensor[] {
  const average = (old: Tensor, value: Tensor): Tensor =>
    apply("add", apply("mul", share, old), apply("mul", apply("sub", 1, share), value));
  if (squares.rank < 2) return [slots[0], slots[1], average(slots[2], squares)];
  const rows = average(slots[0], mean(squares, -1, false));
  const columns = average(slots[1], mean(squares, -2, false));
  const relative = apply("div", rows, mean(rows, -1, true));
  const [column, row] = [
    setShape(relative, [...relative.shape, 1]),
    setShape(columns, [...columns.shape.slice(0, -1), 1, columns.shape[columns.rank - 1]]),
  ];
  return [rows, columns, apply("mul", column, row)];
}

interface MuonOptions {
  adamBeta1?: number;
  adamBeta2?: number;
  /** The decay of weights that Adam updates; default 0.004. */
  adamWeightDecay?: number | null;
  epsilon?: number;
  /** Weights with one of these expressions in their path are for Adam. */
  excludeLayers?: readonly string[] | null;
  /** Whether embeddings are for Adam; default true. */
  excludeEmbeddings?: boolean;
  /** Coefficients of the polynomial a x + b x^3 + c x^5. */
  muonA?: number;
  muonB?: number;
  muonC?: number;
  adamLrRatio?: number;
  momentum?: number;
  /** Iterations of Newton and Schulz; default 5. */
  nsSteps?: number;
  nesterov?: boolean;
  /** Scales steps to the size of Adam's (Liu et al., 2025); null for none. */
  rmsRate?: number | null;
}
const muonDefaults = {
  ...optimizerDefaults,
  learningRate: 0.001 as LearningRate,
  weightDecay: 0.004 as number | null,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamWeightDecay: 0.004 as number | null,
  epsilon: 1e-7,
  excludeLayers: null as readonly string[] | null,
  excludeEmbeddings: true,
  muonA: 3.4445,
  muonB: -4.775,
  muonC: 2.0315,
  adamLrRatio: 1,
  momentum: 0.95,
  nsSteps: 5,
  nesterov: true,
  rmsRate: 0.2 as number | null,
};

/**
 * Momentum made orthogonal by Newton and Schulz's iteration (Jordan et al., 2024), for matrices; all other weights, embeddings and those of
 * `excludeLayers` are updated by AdamW. Default rate 0.001.
 */
export class Muon extends Optimizer {
  static readonly className = "Muon";
  private readonly own: typeof muonDefaults;

  constructor(...args: OptimizerArguments<MuonOptions>) {
    const read = readOptions(args, muonDefaults, {
      owner: "Muon",
      positional: ["learningRate", "adamBeta1", "adamBeta2", "adamWeightDecay", "epsilon", "weightDecay"],
    });
    super(read);
    this.own = read;
  }

  override get isElementwise(): boolean {
    return false;
  }

  private isForAdam({ shape, path }: Variable): boolean {
    const { excludeEmbeddings, excludeLayers } = this.own;
    if (shape.length !== 2) return true;
    if (excludeEmbeddings && path.toLowerCase().includes("embedding")) return true;
    return (excludeLayers ?? []).some((expression) => new RegExp(expression).test(path));
  }

  protected override decayOf(weight: Variable): number | null {
    return this.isForAdam(weight) ? this.own.adamWeightDecay : this.own.weightDecay;
  }

  override slotGroups(weight: Variable): SlotGroups {
    return [this.isForAdam(weight) ? ["momentum", "velocity"] : ["momentum"]];
  }

  override update(step: Step): Stepped {
    return this.isForAdam(step.variable) ? this.adam(step) : this.muon(step);
  }

  private muon({ weight, gradient, slots, learningRate }: Step): Stepped {
    const { momentum, nesterov, nsSteps, rmsRate } = this.own;
    const m = apply("add", slots[0], apply("add", gradient, apply("mul", slots[0], momentum - 1)));
    const ahead = nesterov ? apply("add", gradient, apply("mul", momentum, m)) : m;
    const change = apply("mul", learningRate, this.orthogonal(ahead, nsSteps));
    const largest = Math.max(...weight.shape.map(Number));
    const scaled =
      rmsRate === null ? change : apply("mul", apply("mul", change, Math.sqrt(largest)), rmsRate);
    return { weight: apply("sub", weight, scaled), slots: [m] };
  }

  /** x with all singular values brought near 1. */
  private orthogonal(given: Tensor, steps: number): Tensor {
    const { muonA, muonB, muonC } = this.own;
    const isTall = Number(given.shape[0]) > Number(given.shape[1]);
    const wide = isTall ? transpose(given) : given;
    let x = apply("div", wide, apply("add", apply("sqrt", sum(square(wide), null, false)), 1e-7));
    for (let i = 0; i < steps; i++) {
      const a = matmulOf(x, transpose(x));
      const b = apply("add", apply("mul", muonB, a), matmulOf(apply("mul", muonC, a), a));
      x = apply("add", apply("mul", muonA, x), matmulOf(b, x));
    }
    return isTall ? transpose(x) : x;
  }

  private adam({ weight, gradient, slots, learningRate, step }: Step): Stepped {
    const { adamBeta1, adamBeta2, adamLrRatio, epsilon } = this.own;
    const m = moved(slots[0], gradient, 1 - adamBeta1);
    const v = moved(slots[1], square(gradient), 1 - adamBeta2);
    const rate = apply(
      "mul",
      apply("mul", learningRate, adamLrRatio),
      apply("sqrt", filled(adamBeta2, step)),
    );
    const alpha = apply("div", rate, filled(adamBeta1, step));
    const change = apply("div", apply("mul", m, alpha), apply("add", apply("sqrt", v), epsilon));
    return { weight: apply("sub", weight, change), slots: [m, v] };
  }

  override getConfig(): JsonObject {
    const { own } = this;
    return {
      ...super.getConfig(),
      adam_beta_1: own.adamBeta1,
      adam_beta_2: own.adamBeta2,
      epsilon: own.epsilon,
      exclude_layers: own.excludeLayers ?? [],
      muon_a: own.muonA,
      muon_b: own.muonB,
      muon_c: own.muonC,
      adam_lr_ratio: own.adamLrRatio,
      momentum: own.momentum,
      ns_steps: own.nsSteps,
      nesterov: own.nesterov,
      exclude_embeddings: own.excludeEmbeddings,
      adam_weight_decay: own.adamWeightDecay,
      rms_rate: own.rmsRate,
    };
  }
}
