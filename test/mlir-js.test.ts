// mlir-js, the core variant: reading and printing, what is registered, diagnostics, types and attributes, own dialects.

import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Diagnostic,
  evaluateAffine,
  loadMlir,
  ParseError,
  PipelineError,
  UsageError,
  VerifyError,
} from "../ir/mlir-js/src/index.ts";
import { add3, contextTests, failure, operationNamed } from "./support/mlir-js.ts";

const mlir = await loadMlir({ variant: "core" });
const withContext = contextTests(mlir);

// ---- reading and printing ----

withContext("text, generic text and bytecode are read back as the same module", (context) => {
  const module = context.parse(add3);
  const text = module.print();
  assert.is(context.parse(text).print(), text);
  assert.is(context.parse(module.print({ generic: true })).print(), text);
  const bytecode = module.operation.toBytecode();
  assert.equal([...bytecode.slice(0, 4)], [0x4d, 0x4c, 0xef, 0x52]);
  assert.is(context.parse(bytecode).print(), text);
});

withContext("printing with locations, without regions, with elided constants", (context) => {
  const module = context.parse(add3, { file: "add3.mlir" });
  assert.match(module.print({ locations: true }), /loc\("add3.mlir":3:8\)/);
  assert.is(module.print({ skipRegions: true }).includes("arith"), false);
  const big = context.parse(
    "func.func @f() -> tensor<4xi32> {\n %0 = arith.constant dense<[1,2,3,4]> : tensor<4xi32>\n return %0 : tensor<4xi32>\n}",
  );
  assert.match(big.print({ elideAbove: 2 }), /dense_resource<__elided__>/);
});

withContext("text beyond the scratch buffer, and beyond ASCII", (context) => {
  const note = "é∀𝄞".repeat(20_000);
  const module = context.parse(`module attributes {kt.note = "${note}"} {}`);
  assert.is(module.operation.attribute("kt.note")?.text, note);
});

withContext("locations are data", (context) => {
  const module = context.parse(add3, { file: "add3.mlir" });
  const { location } = operationNamed(module, "arith.addi");
  assert.equal(
    [location.kind, location.name, location.position],
    ["file", "add3.mlir", { line: 3, column: 8 }],
  );
  const named = context.nameLocation("layer", context.fileLocation("model.py", 7, 1));
  assert.equal([named.kind, named.name, named.children[0].name], ["name", "layer", "model.py"]);
  assert.is(context.unknownLocation().kind, "other");
  const op = operationNamed(module, "arith.addi");
  op.location = named;
  assert.is(op.location, named);
});

// ---- what is there ----

withContext("dialects, operations, passes", (context) => {
  for (const name of ["arith", "builtin", "func", "irdl"]) assert.ok(context.dialects.includes(name), name);
  assert.ok(context.operations("arith").includes("arith.addf"));
  assert.ok(context.operations().includes("func.return"));
  assert.equal(context.operations("nonesuch"), []);
  const canonicalize = mlir.passes.find((pass) => pass.name === "canonicalize");
  assert.is(canonicalize?.kind, "pass");
  assert.ok(canonicalize?.options.some((option) => option.name === "max-iterations"));
});

// ---- diagnostics ----

const place = ({ file, line, column }: Diagnostic): string => `${file}:${line}:${column}`;

const malformed: readonly (readonly [what: string, text: string, place: string, message: RegExp])[] = [
  ["an undeclared value", "func.func @f() -> i32 {\n  return %x : i32\n}", "bad.mlir:2:10", /undeclared SSA value/],
  ["an unknown operation", "func.func @f() {\n  foo.bar\n}", "bad.mlir:2:3", /Dialect `foo' not found|unregistered/],
  ["an unknown type", "func.func @f(%x: i32, %y: f31)", "bad.mlir:1:26", /non-function type|expected|undefined/],
  ["a redefinition", "func.func @f(%x: i32) {\n  %x = arith.constant 1 : i32\n  return\n}", "bad.mlir:2:3", /redefinition/],
  ["an open brace", "func.func @f() {\n", "bad.mlir:1:17", /expected/],
  ["a symbol twice", "func.func @f() {\n  return\n}\nfunc.func @f() {\n  return\n}", "bad.mlir:4:1", /redefinition of symbol/],
]; // biome-ignore format: a table

for (const [what, text, where, message] of malformed) {
  withContext(`a ParseError tells the place of ${what}`, (context) => {
    const { diagnostics } = failure(() => context.parse(text, { file: "bad.mlir" }), ParseError);
    assert.is(place(diagnostics[0]), where);
    assert.match(diagnostics[0].message, message);
    assert.is(diagnostics[0].severity, "error");
  });
}

withContext("notes belong to the diagnostic they explain", (context) => {
  const text =
    "func.func @f(%x: i32) -> i64 {\n  %0 = arith.extsi %x : i32 to i64\n  %0 = arith.extsi %x : i32 to i64\n  return %0 : i64\n}";
  const { diagnostics } = failure(() => context.parse(text, { file: "bad.mlir" }), ParseError);
  assert.is(place(diagnostics[0].notes[0]), "bad.mlir:2:3");
});

withContext("rules are checked when asked for", (context) => {
  const module = context.parse("func.func @f(%x: i32) -> i64 {\n  return %x : i32\n}", { verify: false });
  const { diagnostics } = failure(() => module.verify(), VerifyError);
  assert.match(diagnostics[0].message, /doesn't match function result type/);
  assert.is(diagnostics[0].line, 2);
});

withContext("a pipeline that does not parse, or is for something else", (context) => {
  const module = context.parse(add3);
  assert.match(failure(() => module.run("builtin.module(nosuch)"), PipelineError).message, /nosuch/);
  failure(() => module.run("builtin.module("), PipelineError);
  failure(() => module.run("func.func(cse)"), UsageError);
  module.verify();
});

// ---- types and attributes ----

withContext("attributes as values of JavaScript", (context) => {
  const value = (text: string): unknown => context.attribute(text).toValue();
  assert.is(value("true"), true);
  assert.is(value("-5 : i8"), -5);
  assert.is(value("18446744073709551615 : ui64"), 18446744073709551615n);
  assert.is(value("2.5 : f32"), 2.5);
  assert.is(value('"a\\0A\\22"'), 'a\n"');
  assert.equal(value("[1, [2.0, unit]]"), [1, [2, true]]);
  assert.equal(value("array<f32: 1.5, -2.0>"), [1.5, -2]);
  assert.equal(value("array<i1: true, false>"), [true, false]);
  assert.is(value("@a::@b"), "a::b");
  assert.is(String(value("i32")), "i32");
  assert.is(context.attribute("dense<7> : tensor<4xi32>").isSplat, true);
  const { map } = context.attribute("affine_map<(d0, d1)[s0] -> (d0 - d1 * 3, s0 mod 5, d1 ceildiv 2)>");
  assert.equal(
    map.results.map((result) => evaluateAffine(result, [10, 3], [7])),
    [1, 2, 2],
  );
  failure(() => context.attribute("1 : i32").float, UsageError);
  assert.match(
    failure(() => context.attribute("affine_map<(d0) -> (d1)>"), ParseError).message,
    /undeclared identifier/,
  );
});

withContext("types taken apart", (context) => {
  const memref = context.type("memref<2x?xf16, strided<[?, 1], offset: 4>, 3>");
  assert.equal([memref.kind, memref.shape, memref.element.width], ["memref", [2, -1], 16]);
  assert.equal(
    [memref.layout?.strides[1], memref.layout?.offset, String(memref.annotation)],
    [1, 4, "3 : i64"],
  );
  assert.ok(Number.isNaN(memref.layout?.strides[0]));
  const func = context.type("(i32, tensor<*xf32>) -> (index, si8)");
  assert.equal(
    func.inputs.map(({ kind }) => kind),
    ["integer", "unranked-tensor"],
  );
  assert.equal([func.results[0].kind, func.results[1].signedness], ["index", "signed"]);
  assert.equal(context.type("tuple<i1, f64>").members.map(String), ["i1", "f64"]);
  assert.is(String(context.type("complex<f32>").element), "f32");
  failure(() => context.type("i32").shape, UsageError);
  failure(() => context.type("tensor<4x"), ParseError);
  failure(() => context.dense(context.type("tensor<3xf32>"), new Uint8Array(11)), UsageError);
});

// ---- dialects of one's own ----

const shop = `irdl.dialect @shop {
  irdl.operation @sell {
    %f32 = irdl.is f32
    irdl.operands(%f32)
    irdl.results(%f32)
  }
}`;

withContext("IRDL registers a dialect, for its context", (context) => {
  const text = 'func.func @f(%x: i32) -> f32 {\n  %0 = "shop.sell"(%x) : (i32) -> f32\n  return %0 : f32\n}';
  failure(() => context.parse(text), ParseError);
  context.loadIrdl(shop);
  assert.equal(context.operations("shop"), ["shop.sell"]);
  assert.is(failure(() => context.parse(text), ParseError).diagnostics[0].line, 2);
  context.parse(text.replaceAll("i32", "f32"));
  assert.not.ok(mlir.createContext().dialects.includes("shop"));
  failure(() => context.loadIrdl("irdl.dialect @x {"), ParseError);
});

withContext(
  "unregistered dialects are carried along where that is allowed",
  (context) => {
    const module = context.parse('%0 = "stablehlo.add"() {d = #stablehlo.x<1>} : () -> tensor<2xf32>');
    const op = module.body.operations[0];
    assert.equal([op.isRegistered, op.name, op.attribute("d")?.kind], [false, "stablehlo.add", "other"]);
  },
  true,
);

test.run();
