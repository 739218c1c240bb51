/** The text of Chart.js, which reports carry in themselves. The published package brings its one minified file along. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../../ir/errors.ts";
import { packageRoot } from "../package/loader-text.ts";

export function chartLibrary(): string {
  const root = packageRoot();
  const places = ["dist/vendor/chart.umd.min.js", "node_modules/chart.js/dist/chart.umd.min.js"].map((path) =>
    join(root, path),
  );
  const found = places.find(existsSync);
  if (found === undefined) {
    throw new ModelError("Chart.js is missing", {
      where: root,
      expected: places[0],
      hint: "Run npm ci in the checkout, or install keratin again",
    });
  }
  // Nothing in it ends a script element, and it must stay so.
  return readFileSync(found, "utf8")
    .replaceAll("</script", "<\\/script")
    .replace(/\n\/\/# sourceMappingURL=.*/, "");
}
