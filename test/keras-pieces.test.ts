/**
 * Losses, metrics, optimizers and initializers: seeds, and identifiers that mean nothing. Against the real Keras:
 * test/keras-goldens.test.ts.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras } from "../compiler/index.ts";

keras.config.setBackend("reference");

test("the same seed gives the same weights, another seed others", () => {
  const draw = (seed: number): number[] =>
    [...keras.initializers.GlorotUniform({ seed })([3, 3]).data].map(Number);
  assert.equal(draw(7), draw(7));
  assert.not.equal(draw(7), draw(8));
});

test("identifiers that mean nothing", () => {
  assert.throws(
    () => keras.losses.get("nonsense"),
    /Could not interpret loss identifier: nonsense; expected one of .*MeanSquaredError/,
  );
  assert.throws(
    () => keras.optimizers.get({ class_name: "Magic", config: {} }),
    /Could not interpret optimizer identifier: Magic/,
  );
  assert.throws(() => keras.metrics.get(5), /Could not interpret metric identifier: 5/);
});

const wrong: readonly (readonly [name: string, make: () => unknown, message: RegExp])[] = [
  [
    "momentum",
    () => keras.optimizers.SGD({ momentum: 2 }),
    /`momentum` must be a float between \[0, 1\]. Received: momentum=2/,
  ],
  [
    "clips",
    () => keras.optimizers.Adam({ clipnorm: 1, clipvalue: 1 }),
    /Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: clipnorm=1, clipvalue=1/,
  ],
  [
    "EMA",
    () => keras.optimizers.Adam({ useEma: true, emaMomentum: 2 }),
    /`ema_momentum` must be in the range \[0, 1\]. Received: ema_momentum=2/,
  ],
  [
    "accumulation",
    () => keras.optimizers.SGD({ gradientAccumulationSteps: 1 }),
    /`gradient_accumulation_steps` must be an integer >= 2. Received: gradient_accumulation_steps=1/,
  ],
  [
    "weight decay",
    () => keras.optimizers.AdamW({ weightDecay: null }),
    /Argument `weight_decay` must be a float/,
  ],
  [
    "Lion",
    () => keras.optimizers.Lion({ beta1: 0 }),
    /Argument `beta_1` must be in the \[0, 1\] range.*Received: beta_1=0/,
  ],
  [
    "Ftrl",
    () => keras.optimizers.Ftrl({ learningRatePower: 1 }),
    /`learning_rate_power` needs to be negative or zero. Received: learning_rate_power=1/,
  ],
  [
    "schedule",
    () => keras.optimizers.schedules.ExponentialDecay(0.1, 0, 0.5),
    /Argument `decay_steps` must be > 0. Received: decay_steps=0/,
  ],
  [
    "boundaries",
    () => keras.optimizers.schedules.PiecewiseConstantDecay([1], [1]),
    /The length of boundaries should be 1 less than the length of values/,
  ],
  [
    "reduction",
    () => keras.losses.MeanSquaredError({ reduction: "all" as never }),
    /Invalid value for argument `reduction`.*Received: reduction=all/,
  ],
  [
    "q",
    () => keras.losses.CategoricalGeneralizedCrossEntropy({ q: 2 }),
    /q must be in the interval \(0, 1\)/,
  ],
  ["AUC", () => keras.metrics.AUC({ curve: "X" }), /Invalid AUC curve value: "X"/],
  [
    "thresholds",
    () => keras.metrics.Precision({ thresholds: [2] }),
    /Threshold values must be in \[0, 1\]. Received: \[2\]/,
  ],
  [
    "F score",
    () => keras.metrics.FBetaScore({ beta: 0 }),
    /Invalid `beta` argument value. It should be > 0. Received: beta=0/,
  ],
  [
    "R2",
    () => keras.metrics.R2Score({ numRegressors: -1 }),
    /Expected a value >= 0. Received: num_regressors=-1/,
  ],
  [
    "IoU",
    () => keras.metrics.IoU({ numClasses: 2, targetClassIds: [2] }),
    /Target class id 2 is out of range, which is \[0, 2\)/,
  ],
  [
    "recall",
    () => keras.metrics.PrecisionAtRecall(2),
    /Argument `recall` must be in the range \[0, 1\]. Received: recall=2/,
  ],
  [
    "L2",
    () => keras.regularizers.L2(-1),
    /Invalid value for argument l2: expected a non-negative float. Received: l2=-1/,
  ],
  [
    "scale",
    () => keras.initializers.VarianceScaling({ scale: 0 }),
    /Argument `scale` must be positive float. Received: scale=0/,
  ],
  [
    "factor",
    () => keras.callbacks.ReduceLROnPlateau({ factor: 1 }),
    /ReduceLROnPlateau does not support a factor >= 1.0. Received factor=1/,
  ],
  [
    "checkpoint",
    () => keras.callbacks.ModelCheckpoint("x.txt"),
    /The filepath provided must end in `.keras`.*Received: filepath=x.txt/,
  ],
];

for (const [name, make, message] of wrong)
  test(`a wrong argument: ${name}`, () => assert.throws(make, message));

test.run();
