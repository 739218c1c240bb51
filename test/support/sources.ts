// The project's own sources as syntax trees, for the tests that watch its shape (layering, size). Only parsed, never type
// checked: that takes a fraction of a second, and every rule here can be read off the text of one file.

import { dirname, join, normalize } from "node:path/posix";
import { Node, Project, type SourceFile, SyntaxKind } from "ts-morph";
import { projectRoot } from "./tools.ts";

/** The folders whose files are the product. */
const productFolders: readonly string[] = ["ir", "runtime", "targets", "compiler", "samples"];

export interface Source {
  /** Relative to the root, with forward slashes: "ir/dim.ts". */
  readonly path: string;
  readonly file: SourceFile;
}

/** One import of a file: a static import or re-export, `import(…)` as an expression, or `import(…)` as a type. */
export interface Import {
  /** As written: "../ir/dim.ts", "node:fs", "fflate". */
  readonly specifier: string;
  /** The file meant, relative to the root; undefined for a package. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
  readonly line: number;
}

/** The product's files, in order of their paths. `extra` adds folders such as "test". */
export function readSources(...extra: readonly string[]): readonly Source[] {
  const project = new Project({ skipAddingFilesFromTsConfig: true, skipFileDependencyResolution: true });
  const folders = [...productFolders, ...extra];
  project.addSourceFilesAtPaths([
    ...folders.map((folder) => `${projectRoot}${folder}/**/*.ts`),
    `!${projectRoot}**/{node_modules,build,dist,goldens}/**`,
    `!${projectRoot}**/*.d.ts`,
  ]);
  return sourcesOf(project, projectRoot);
}

/** Sources made of text, by path: for testing the rules themselves. */
export function sourcesFromText(texts: Readonly<Record<string, string>>): readonly Source[] {
  const project = new Project({ useInMemoryFileSystem: true });
  for (const [path, text] of Object.entries(texts)) project.createSourceFile(`/${path}`, text);
  return sourcesOf(project, "/");
}

function sourcesOf(project: Project, root: string): readonly Source[] {
  return project
    .getSourceFiles()
    .map((file) => ({ path: file.getFilePath().slice(root.length), file }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function resolveTarget(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(from), specifier)) : undefined;
}

/** Everything a file imports, in no particular order. */
export function importsOf(source: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (node: Node, specifier: string | undefined, typeOnly: boolean, dynamic: boolean): void => {
    if (specifier === undefined) return;
    const target = resolveTarget(source.path, specifier);
    found.push({ specifier, target, typeOnly, dynamic, line: node.getStartLineNumber() });
  };
  for (const node of source.file.getImportDeclarations()) {
    add(node, node.getModuleSpecifierValue(), node.isTypeOnly() || onlyTypes(node.getNamedImports()), false);
  }
  for (const node of source.file.getExportDeclarations()) {
    add(node, node.getModuleSpecifierValue(), node.isTypeOnly() || onlyTypes(node.getNamedExports()), false);
  }
  for (const node of source.file.getDescendantsOfKind(SyntaxKind.CallExpression)) {
    if (node.getExpression().getKind() !== SyntaxKind.ImportKeyword) continue;
    const argument = node.getArguments()[0];
    if (Node.isStringLiteral(argument)) add(node, argument.getLiteralValue(), false, true);
  }
  for (const node of source.file.getDescendantsOfKind(SyntaxKind.ImportType)) {
    const literal = node.getFirstDescendantByKind(SyntaxKind.StringLiteral);
    add(node, literal?.getLiteralValue(), true, true);
  }
  return found;
}

/** `import { type A, type B } from` brings nothing at run time. `import {} from` and `import * as` do. */
function onlyTypes(specifiers: readonly { isTypeOnly(): boolean }[]): boolean {
  return specifiers.length > 0 && specifiers.every((specifier) => specifier.isTypeOnly());
}
