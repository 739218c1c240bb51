/**
 * COVERAGE.md says what is there.
 */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coverage } from "../scripts/coverage.ts";
import { unsupportedNames } from "../scripts/unsupported-names.ts";
import { projectRoot } from "./support/tools.ts";

test("the table is up to date: `npm run coverage` writes it", () => {
  assert.fixture(readFileSync(`${projectRoot}COVERAGE.md`, "utf8"), coverage());
});

test("every reason is needed", () => {
  const names: { readonly modules: { readonly [module: string]: object } } = JSON.parse(
    readFileSync(`${projectRoot}scripts/keras-names.json`, "utf8"),
  );
  const all = Object.entries(names.modules).flatMap(([module, entries]) =>
    Object.keys(entries).map((name) => `${module}.${name}`),
  );
  for (const [pattern] of unsupportedNames)
    assert.ok(
      all.some((name) => pattern.test(name)),
      String(pattern),
    );
});

test.run();
