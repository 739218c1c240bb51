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
    /unknown loss; expected one of .*MeanSquaredError.*; got "nonsense"/,
  );
  assert.throws(() => keras.optimizers.get({ class_name: "Magic", config: {} }), /unknown optimizer/);
  assert.throws(
    () => keras.metrics.get(5),
    /not a metric; expected a name, an instance or a configuration; got 5/,
  );
  assert.throws(
    () => keras.optimizers.SGD({ momentum: 2 }),
    /bad momentum; expected a number from 0 to 1; got 2/,
  );
  assert.throws(
    () => keras.optimizers.Adam({ clipnorm: 1, clipvalue: 1 }),
    /only one way of clipping can be set/,
  );
  assert.throws(
    () => keras.optimizers.Adam({ useEma: true } as never),
    /this option is not available yet; got useEma/,
  );
});

test.run();
