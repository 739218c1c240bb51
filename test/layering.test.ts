// The shape of the project, as design section 3 and ARCHITECTURE.md state it: who may import whom, no cycles, no default
// exports, a compiler that runs in a browser, passes and targets that do not know the ops by name. Each rule is a function
// from sources to complaints; the second half of the file shows every rule a source that breaks it, because a rule that
// finds nothing might simply be blind.

import { existsSync } from "node:fs";
import { builtinModules } from "node:module";
import { Node, SyntaxKind } from "ts-morph";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Import, importsOf, readSources, type Source, sourcesFromText } from "./support/sources.ts";
import { projectRoot } from "./support/tools.ts";

type Complaints = readonly string[];
type Layer = "ir" | "mlir-js" | "runtime" | "targets" | "compiler" | "samples";

/** What each layer may import of ours, besides itself; the second list for types only. */
const allowed: Readonly<Record<Layer, { values: readonly Layer[]; types: readonly Layer[] }>> = {
  ir: { values: [], types: [] },
  "mlir-js": { values: [], types: [] },
  runtime: { values: [], types: [] },
  targets: { values: ["ir"], types: ["ir", "runtime"] },
  compiler: { values: ["ir", "targets", "runtime"], types: ["ir", "targets", "runtime", "mlir-js"] },
  samples: { values: [], types: [] },
};

/** What a sample may import of ours. */
const publicEntry = "compiler/index.ts";

/** Files that need Node although they lie where the compiler has to run in a browser, each with its reason. */
const nodeExempt: Readonly<Record<string, string>> = {};

/** Ops that belong to the compiler itself, so that passes may know them by name. */
const structuralOps: ReadonlySet<string> = new Set([
  "constant", // how the IR spells a literal
  "fused", // made by the fusion pass, a region of other ops
  "chunks", // made by the batch chunking pass, likewise
]);

/** Packages that are large, or take long to load, or are optional: only behind `await import(…)`. */
const heavyPackages: readonly string[] = ["esbuild", "ts-morph", "h5wasm", "koffi", "webgpu", "mlir-js"];

// ---- the rules ----

function layerOf(path: string): Layer | undefined {
  if (path.startsWith("ir/mlir-js/")) return "mlir-js"; // a package of its own, with a build of its own
  const folder = path.split("/")[0];
  return Object.hasOwn(allowed, folder) ? (folder as Layer) : undefined;
}

function complain(source: Source, line: number, what: string): string {
  return `${source.path}:${line} ${what}`;
}

/** Calls `check` for every import of every source and collects what it says. */
function overImports(
  sources: readonly Source[],
  check: (source: Source, item: Import) => string | undefined,
): Complaints {
  return sources.flatMap((source) =>
    importsOf(source).flatMap((item) => {
      const what = check(source, item);
      return what === undefined ? [] : [complain(source, item.line, what)];
    }),
  );
}

/** The import rule. */
function wrongLayers(sources: readonly Source[]): Complaints {
  return overImports(sources, (source, { specifier, target, typeOnly, dynamic }) => {
    const from = layerOf(source.path);
    if (from === undefined || target === undefined) return undefined;
    const to = layerOf(target);
    if (to === from || (from === "samples" && target === publicEntry)) return undefined;
    // mlir-js is optional at run time, so the compiler may load it lazily.
    if (from === "compiler" && to === "mlir-js" && dynamic) return undefined;
    const permitted: readonly (Layer | undefined)[] = typeOnly ? allowed[from].types : allowed[from].values;
    return permitted.includes(to) ? undefined : `${from} must not import ${specifier}`;
  });
}

/** Relative imports that name no file of ours, and those without `.ts`, which Node and browsers would not find. */
function danglingImports(sources: readonly Source[]): Complaints {
  const paths = new Set(sources.map((source) => source.path));
  return overImports(sources, (_, { specifier, target }) => {
    if (target === undefined || paths.has(target)) return undefined;
    if (!target.endsWith(".ts")) return `${specifier} has no .ts extension`;
    return target.endsWith(".d.ts") || layerOf(target) === undefined
      ? undefined
      : `${specifier} does not exist`;
  });
}

/** Cycles of static imports, types included: two files that need each other's types are one file, or lack a third. */
function importCycles(sources: readonly Source[]): Complaints {
  const edges = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source).flatMap((item) => (item.dynamic || item.target === undefined ? [] : [item.target])),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" -> "));
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

function defaultExports(sources: readonly Source[]): Complaints {
  return sources.flatMap(({ path, file }) =>
    file.getStatements().flatMap((statement) => {
      const named = Node.isExportDeclaration(statement)
        ? statement
            .getNamedExports()
            .some((item) => (item.getAliasNode() ?? item.getNameNode()).getText() === "default")
        : false;
      const assigned = Node.isExportAssignment(statement);
      const modified = Node.isModifierable(statement) && statement.hasModifier(SyntaxKind.DefaultKeyword);
      return named || assigned || modified
        ? [`${path}:${statement.getStartLineNumber()} default export`]
        : [];
    }),
  );
}

/** The files that have to run in a browser as they are. */
function isBrowserPure(path: string): boolean {
  const layer = layerOf(path);
  if (layer === "ir" || layer === "targets") return true;
  if (/^compiler\/(passes|rules|keras)\//.test(path)) return true;
  return /^compiler\/[^/]+\.ts$/.test(path) && !/^compiler\/(cli|package|eager)[-.]/.test(path);
}

function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Node builtins and tools where the compiler must run in a browser. Types cost nothing, so they may come from anywhere. */
function browserImpurities(sources: readonly Source[]): Complaints {
  const pure = sources.filter(({ path }) => isBrowserPure(path) && !Object.hasOwn(nodeExempt, path));
  return overImports(pure, (_, { specifier, target, typeOnly }) => {
    if (typeOnly || target !== undefined) return undefined;
    const name = packageOf(specifier);
    const isBuiltin = name.startsWith("node:") || builtinModules.includes(name);
    return isBuiltin || name === "esbuild" || name === "ts-morph"
      ? `${specifier} in a browser-pure file`
      : undefined;
  });
}

function eagerHeavies(sources: readonly Source[]): Complaints {
  const product = sources.filter(({ path }) => layerOf(path) !== "mlir-js" && layerOf(path) !== "samples");
  return overImports(product, (_, { specifier, typeOnly, dynamic }) => {
    const isHeavy = heavyPackages.includes(packageOf(specifier)) && !typeOnly && !dynamic;
    return isHeavy ? `${specifier} loads with the file: use await import(…)` : undefined;
  });
}

const isBlindToOps = (path: string): boolean => /^(compiler\/passes|targets)\//.test(path);

/** The words of the kernel IR and the Program: scalar names, kinds of statements. Where an op is called the same ("add",
 *  "while"), the word by itself is no proof. */
function kernelWords(sources: readonly Source[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { path, file } of sources) {
    if (!/^ir\/(kernel|scalar|program|dtype)\.ts$/.test(path)) continue;
    for (const node of file.getDescendants()) {
      if (Node.isStringLiteral(node)) words.add(node.getLiteralValue());
      if (Node.isPropertyAssignment(node)) words.add(node.getName());
    }
  }
  return words;
}

/** Whether an expression is the name of an op: `op.name`, `use.op.name`, or `name` after `const { name } = op`. */
function isOpName(node: Node): boolean {
  const text = node.getText();
  if (text !== "name") return /\b\w*op\.name$/i.test(text);
  const scopes = node.getAncestors().filter((above) => Node.isBlock(above));
  return scopes.some((scope) => /\bname\b[^{}]*\}\s*=\s*[\w.]*op;/i.test(scope.getText()));
}

/** Whether a literal is what an op's name is compared with: by an operator, or as a case of a switch. */
function isComparedWithName(literal: Node): boolean {
  const parent = literal.getParent();
  if (Node.isBinaryExpression(parent)) return isOpName(parent.getLeft()) || isOpName(parent.getRight());
  if (!Node.isCaseClause(parent)) return false;
  const enclosing = parent.getFirstAncestorByKindOrThrow(SyntaxKind.SwitchStatement);
  return isOpName(enclosing.getExpression());
}

/** Op names in passes and targets. A literal counts when an `op.name` is compared with it, and anywhere else (a set, a
 *  table's key, an argument) unless it is a word of the kernel IR as well. */
function opNames(
  sources: readonly Source[],
  ops: ReadonlySet<string>,
  words: ReadonlySet<string>,
): Complaints {
  const nameIn = (node: Node): string | undefined => {
    if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node))
      return node.getLiteralValue();
    return undefined;
  };
  const judge = (source: Source, node: Node): Complaints => {
    const name = nameIn(node)?.replace(/^kt\./, "");
    if (name === undefined || !ops.has(name) || structuralOps.has(name)) return [];
    if (Node.isImportDeclaration(node.getParent()) || Node.isLiteralTypeNode(node.getParent())) return [];
    return isComparedWithName(node) || !words.has(name)
      ? [complain(source, node.getStartLineNumber(), `knows the op "${name}"`)]
      : [];
  };
  const blind = sources.filter(({ path }) => isBlindToOps(path));
  return blind.flatMap((source) => source.file.getDescendants().flatMap((node) => judge(source, node)));
}

// ---- the project ----

const sources = readSources();

function holds(name: string, complaints: () => Complaints): void {
  test(name, () => assert.equal(complaints(), []));
}

holds("layers import only what lies below them", () => wrongLayers(sources));
holds("relative imports name files, with .ts", () => danglingImports(sources));
holds("no import cycles", () => importCycles(sources));
holds("no default exports", () => defaultExports(sources));
holds("the compiler is browser-pure", () => browserImpurities(sources));
holds("heavy packages load lazily", () => eagerHeavies(sources));

test("exemptions name files that exist", () => {
  for (const path of Object.keys(nodeExempt)) assert.ok(existsSync(`${projectRoot}${path}`), path);
});

test("passes and targets know no op by name", async () => {
  const list = `${projectRoot}ir/ops/index.ts`;
  if (!existsSync(list)) return console.log("MISSING: ir/ops/index.ts, which lists the ops (allOps)");
  const { allOps } = (await import(list)) as { allOps: readonly { name: string }[] };
  const names = new Set(allOps.map((op) => op.name.replace(/^kt\./, "")));
  assert.ok(names.size > 0);
  assert.equal(opNames(sources, names, kernelWords(sources)), []);
});

// ---- the rules themselves ----

/** Checks how often a rule complains about sources made of text. */
function bites(
  name: string,
  rule: (sources: readonly Source[]) => Complaints,
  texts: Record<string, string>,
): void {
  test(`the rule sees ${name}`, () => {
    const complaints = rule(sourcesFromText(texts));
    assert.is(complaints.length, 1, complaints.join("\n"));
  });
}

bites("a layer upside down", wrongLayers, {
  "ir/a.ts": 'import { b } from "../targets/b.ts";',
  "targets/b.ts": 'import type { r } from "../runtime/r.ts"; import { a } from "../ir/a.ts";',
});
bites("a value of the runtime in targets", wrongLayers, {
  "targets/b.ts": 'import { r } from "../runtime/r.ts";',
});
bites("a sample behind the entry", wrongLayers, {
  "samples/x/a.ts":
    'import { k } from "keratin"; import { b } from "../../compiler/index.ts"; export * from "../../ir/a.ts";',
});
bites("a lazy import too", wrongLayers, { "runtime/a.ts": 'export const f = () => import("../ir/a.ts");' });
bites("a missing extension", danglingImports, {
  "ir/a.ts": 'import { b } from "./b";',
  "ir/b.ts": "export const b = 1;",
});
bites("a cycle of types", importCycles, {
  "ir/a.ts": 'import type { B } from "./b.ts"; export type A = B;',
  "ir/b.ts": 'import { type A } from "./c.ts"; export type B = A;',
  "ir/c.ts": 'export { type A } from "./a.ts";',
});
bites("export default", defaultExports, {
  "ir/a.ts": "export default function f() {}",
  "ir/b.ts": "export const d = 1;",
});
bites("a default by another name", defaultExports, { "ir/a.ts": "const a = 1; export { a as default };" });
bites("Node in a pass", browserImpurities, {
  "compiler/passes/a.ts": 'import { readFileSync } from "node:fs"; import type { Stats } from "node:fs";',
  "compiler/cli.ts": 'import { readFileSync } from "node:fs";',
});
bites("a static import of esbuild", eagerHeavies, {
  "compiler/package/a.ts":
    'import { build } from "esbuild"; import type { Plugin } from "esbuild"; void import("ts-morph");',
});

/** The rule on op names, for two ops of which one is called like a scalar. */
const opRule = (given: readonly Source[]): Complaints =>
  opNames(given, new Set(["add", "conv2d"]), new Set(["add"]));
bites("an op compared", opRule, { "compiler/passes/a.ts": 'if (op.name === "add") f();' });
bites("an op compared after taking it apart", opRule, {
  "compiler/passes/a.ts":
    'function f(op: Op) { const { name, loc } = op; if (loc) { return name === "add"; } }',
});
bites("an op in a switch", opRule, { "compiler/passes/a.ts": 'switch (value.op.name) { case "add": f(); }' });
bites("an op in a set", opRule, { "targets/a.ts": 'new Set(["add", "kt.conv2d"]).has(op.name);' });
bites("only ops, no scalars", opRule, {
  "targets/a.ts":
    'const { name } = expr; if (name === "add" || expr.name === "add") f({ add: "+" }, "add"); if (op.name === "conv2d") g();',
});

test.run();
