// How large things may get: files 400 lines, functions 60 (design, section 3). A reader holds that much at once. Whoever
// has a reason to go beyond it, such as a table, names it here.

import { Node } from "ts-morph";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readSources, type Source, sourcesFromText } from "./support/sources.ts";

const fileLimit = 400;
const functionLimit = 60;

/** Longer files, each with its reason. */
const fileExceptions: Readonly<Record<string, string>> = {
  "test/support/keras-calls.ts": "a table: the calls of keras.ops that the real Keras is asked about",
};

/** Longer functions, as "path name", each with its reason. */
const functionExceptions: Readonly<Record<string, string>> = {
  "test/support/keras-calls.ts ordering": "one family of a table of calls",
  "test/support/keras-calls.ts shaping": "one family of a table of calls",
  "test/support/keras-calls.ts products": "one family of a table of calls",
  "test/support/keras-calls.ts network": "one family of a table of calls",
  "test/support/keras-calls.ts images": "one family of a table of calls",
};

function longFiles(sources: readonly Source[]): readonly string[] {
  return sources.flatMap(({ path, file }) => {
    const lines = file.getFullText().trimEnd().split("\n").length;
    return lines > fileLimit ? [`${path} has ${lines} lines`] : [];
  });
}

type FunctionNode = Node & { getStartLineNumber(): number };

function isFunction(node: Node): node is FunctionNode {
  return (
    Node.isFunctionDeclaration(node) ||
    Node.isFunctionExpression(node) ||
    Node.isArrowFunction(node) ||
    Node.isMethodDeclaration(node) ||
    Node.isConstructorDeclaration(node) ||
    Node.isGetAccessorDeclaration(node) ||
    Node.isSetAccessorDeclaration(node)
  );
}

/** The name of a function, or of the variable or property that holds it. */
function nameOf(node: Node): string {
  if (Node.isConstructorDeclaration(node)) return "constructor";
  const holder = Node.isArrowFunction(node) || Node.isFunctionExpression(node) ? node.getParent() : node;
  return holder !== undefined && Node.hasName(holder) ? holder.getName() : "(anonymous)";
}

function longFunctions(sources: readonly Source[]): readonly { key: string; lines: number }[] {
  return sources.flatMap(({ path, file }) =>
    file.getDescendants().flatMap((node) => {
      if (!isFunction(node)) return [];
      const lines = node.getEndLineNumber() - node.getStartLineNumber() + 1;
      return lines > functionLimit ? [{ key: `${path} ${nameOf(node)}`, lines }] : [];
    }),
  );
}

const sources = readSources("test", "scripts");

test(`files have at most ${fileLimit} lines`, () => {
  const found = longFiles(sources).filter((text) => !Object.hasOwn(fileExceptions, text.split(" ")[0]));
  assert.equal(found, []);
});

test(`functions have at most ${functionLimit} lines`, () => {
  const found = longFunctions(sources).filter(({ key }) => !Object.hasOwn(functionExceptions, key));
  assert.equal(
    found.map(({ key, lines }) => `${key}: ${lines} lines`),
    [],
  );
});

test("exceptions are needed", () => {
  const files = longFiles(sources).map((text) => text.split(" ")[0]);
  const functions = longFunctions(sources).map(({ key }) => key);
  const idle = [
    ...Object.keys(fileExceptions).filter((path) => !files.includes(path)),
    ...Object.keys(functionExceptions).filter((key) => !functions.includes(key)),
  ];
  assert.equal(idle, []);
});

test("the rules see what is too long", () => {
  const body = "  f();\n".repeat(fileLimit);
  const long = sourcesFromText({
    "ir/a.ts": `export const g = () => {\n${body}};\n`,
    "ir/b.ts": "export const b = 1;\n",
  });
  assert.equal(longFiles(long), [`ir/a.ts has ${fileLimit + 2} lines`]);
  assert.equal(longFunctions(long), [{ key: "ir/a.ts g", lines: fileLimit + 2 }]);
});

test.run();
