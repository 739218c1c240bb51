/**
 * `keras.tree` as dm-tree and Keras have it.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { keras } from "../compiler/index.ts";

const { tree } = keras;
const structure = { b: [1, 2], a: { c: 3 } };

test("structures are walked by sorted keys", () => {
  assert.equal(tree.flatten(structure), [3, 1, 2]);
  assert.equal(tree.flattenWithPath(structure), [
    [["a", "c"], 3],
    [["b", 0], 1],
    [["b", 1], 2],
  ]);
  assert.equal(tree.packSequenceAs(structure, [30, 10, 20]), { b: [10, 20], a: { c: 30 } });
  assert.is(tree.isNested(structure) && !tree.isNested(3), true);
});

test("functions over structures of the same form", () => {
  const sum = (x: unknown, y: unknown) => Number(x) + Number(y);
  assert.equal(tree.mapStructure(sum, structure, { a: { c: 10 }, b: [20, 30] }), {
    b: [21, 32],
    a: { c: 13 },
  });
  assert.throws(() => tree.mapStructure(sum, [1], [1, 2]), /don't have the same structure.*Received: b=/);
  assert.equal(
    tree.mapStructureUpTo([0, 0], (x) => JSON.stringify(x), [[1, 2], { c: 3 }]),
    ["[1,2]", `{"c":3}`],
  );
  assert.throws(() => tree.mapStructureUpTo({ a: 0 }, String, { b: 1 }), /Received: nothing at a/);
});

test("traverse replaces what it is told to", () => {
  const doubled = tree.traverse((item) => (typeof item === "number" ? item * 2 : undefined), structure);
  assert.equal(doubled, { b: [2, 4], a: { c: 6 } });
  assert.equal(
    tree.traverse((item) => (Array.isArray(item) ? "list" : undefined), structure),
    { b: "list", a: { c: 3 } },
  );
});

test.run();
