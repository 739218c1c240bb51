/** What was measured, in which version. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { benchRoot, isInstalled, newestNode, pythonOf } from "./places.ts";

const pythonPackages = ["onnxruntime", "openvino", "torch", "jax", "keras"] as const;

export function versionsOf(): { readonly [name: string]: string } {
  const { dependencies } = JSON.parse(readFileSync(join(benchRoot, "package.json"), "utf8")) as {
    dependencies: { readonly [name: string]: string };
  };
  const compiler = spawnSync("g++", ["-dumpfullversion"], { encoding: "utf8" }).stdout?.trim();
  const newest = isInstalled(newestNode)
    ? spawnSync(newestNode, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1)
    : "not installed";
  return {
    Node: process.versions.node,
    "newest Node": newest,
    "g++": compiler ?? "not installed",
    ...dependencies,
    ...(isInstalled(pythonOf("main")) ? installedIn("main", pythonPackages) : {}),
    ...(isInstalled(pythonOf("tf")) ? installedIn("tf", ["tensorflow-cpu"]) : {}),
    ...(isInstalled(pythonOf("iree")) ? installedIn("iree", ["iree-base-compiler"]) : {}),
    ...(isInstalled(pythonOf("tvm")) ? installedIn("tvm", ["apache-tvm"]) : {}),
  };
}

function installedIn(
  environment: Parameters<typeof pythonOf>[0],
  names: readonly string[],
): { readonly [name: string]: string } {
  const script =
    "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))";
  const { stdout, status } = spawnSync(pythonOf(environment), ["-c", script, ...names], { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : {};
}
