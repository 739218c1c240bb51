#!/usr/bin/env node
// The `keratin` command. The published package holds a bundle, dist/cli.mjs, and that is run when it is there. In a
// checkout there is none, so tsx is registered and compiler/cli.ts is imported as it stands. Nothing else happens here,
// because this file is part of every start-up.
import { existsSync } from "node:fs";

const bundle = new URL("../dist/cli.mjs", import.meta.url);

if (existsSync(bundle)) {
  await import(bundle.href);
} else {
  const { register } = await import("tsx/esm/api");
  register();
  await import(new URL("../compiler/cli.ts", import.meta.url).href);
}
