// Every pass of the core variant on modules that change under it: mlir-js prints what a real mlir-opt prints, byte for byte. And every
// dialect of the variant goes through text and back.

import { test } from "uvu";
import * as assert from "uvu/assert";
import { loadMlir } from "../ir/mlir-js/src/index.ts";
import { mlirOpt } from "./support/mlir-passes.ts";
import { requireTool } from "./support/tools.ts";

const mlir = await loadMlir({ variant: "core" });
const i32 = (body: string): string => `func.func @f(%a: i32, %b: i32) -> i32 {\n${body}\n}`;

/** Modules that change under each pass. */
const modules: Readonly<Record<string, readonly string[]>> = {
  canonicalize: [
    i32("%z = arith.constant 0 : i32\n%0 = arith.addi %z, %a : i32\nreturn %0 : i32"),
    i32("%0 = arith.subi %a, %a : i32\n%1 = arith.addi %0, %b : i32\nreturn %1 : i32"),
    i32("%t = arith.constant true\ncf.cond_br %t, ^x, ^y\n^x:\nreturn %a : i32\n^y:\nreturn %b : i32"),
    i32("%0 = arith.cmpi slt, %a, %a : i32\n%1 = arith.select %0, %a, %b : i32\nreturn %1 : i32"),
  ],
  cse: [
    i32(
      "%0 = arith.muli %a, %b : i32\n%1 = arith.muli %a, %b : i32\n%2 = arith.addi %0, %1 : i32\nreturn %2 : i32",
    ),
    i32("%0 = arith.muli %a, %b : i32\nreturn %a : i32"),
    i32(
      "%0 = arith.constant 7 : i32\n%1 = arith.constant 7 : i32\n%2 = arith.xori %0, %1 : i32\nreturn %2 : i32",
    ),
  ],
  inline: ["addi", "muli", "xori"].map(
    (name) =>
      `func.func private @g(%x: i32) -> i32 {\n%0 = arith.${name} %x, %x : i32\nreturn %0 : i32\n}\n${i32("%0 = call @g(%a) : (i32) -> i32\nreturn %0 : i32")}`,
  ),
  "symbol-dce": [
    `func.func private @unused() {\nreturn\n}\n${i32("return %a : i32")}`,
    `func.func private @a() {\ncall @b() : () -> ()\nreturn\n}\nfunc.func private @b() {\nreturn\n}\n${i32("return %b : i32")}`,
    `module @inner attributes {sym_visibility = "private"} {}\n${i32("return %b : i32")}`,
  ],
};

test("all passes of the variant are tried", () =>
  assert.equal(mlir.passes.map(({ name }) => name).sort(), Object.keys(modules).sort()));

const mlirOptPath = requireTool("mlir-opt");
for (const [pass, texts] of Object.entries(modules)) {
  test(`${pass} changes what mlir-opt changes`, () => {
    assert.ok(texts.length >= 3);
    for (const text of texts) {
      const context = mlir.createContext();
      const module = context.parse(text);
      const before = module.print();
      module.run(`builtin.module(${pass})`);
      assert.is.not(module.print(), before);
      if (mlirOptPath !== undefined)
        assert.is(
          module.print().trim(),
          mlirOpt(mlirOptPath, text, `--pass-pipeline=builtin.module(${pass})`).trim(),
        );
      context.dispose();
    }
  });
}

const dialects: Readonly<Record<string, string>> = {
  arith: i32("%0 = arith.divsi %a, %b : i32\n%1 = arith.maxsi %0, %a : i32\nreturn %1 : i32"),
  builtin: 'module attributes {kt.x = [1, 2.0, "s", unit, affine_map<(d0) -> (d0 mod 2)>]} {}',
  cf: i32("cf.br ^x(%a : i32)\n^x(%0: i32):\nreturn %0 : i32"),
  func: "func.func private @g(i32) -> (i32, f32)",
  irdl: "irdl.dialect @d {\nirdl.operation @o {\n%0 = irdl.is i32\nirdl.operands(%0)\n}\n}",
};

test("every dialect goes through text and back", () => {
  const context = mlir.createContext();
  assert.equal([...context.dialects].sort(), Object.keys(dialects));
  for (const text of Object.values(dialects)) {
    const printed = context.parse(text).print();
    assert.is(context.parse(printed).print(), printed);
    assert.is(context.parse(context.parse(text).print({ generic: true })).print(), printed);
  }
  context.dispose();
});

test.run();
