/**
 * Installs the peers into .cache/bench: npm packages, Python environments, and the ONNX files that their networks are exported to. About 9 GB,
 * most of it torch; what is there already stays. A peer that does not install here is reported and left out.
 *
 *   node --import tsx test/bench/setup.ts
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { benchRoot, peersRoot, pythonOf, type VirtualEnvironment } from "./places.ts";

/** Versions are pinned: tables of different days can be compared. */
const environments: { readonly [E in VirtualEnvironment]: readonly (readonly string[])[] } = {
  main: [
    ["onnxruntime==1.32.0", "openvino==2026.4.1", "jax==0.10.2", "keras==3.15.1", "torch==2.15.0"],
    ["onnx", "onnxscript", "pillow", "numpy"],
    ["--no-deps", "torchvision==0.29.2"],
  ],
  tf: [["tensorflow-cpu==2.21.0", "keras==3.15.1", "numpy"]],
  iree: [["iree-base-compiler[onnx]==3.13.0", "iree-base-runtime==3.13.0"]],
  tvm: [["apache-tvm==0.27.0.post1", "onnx", "numpy"]],
};

function run(program: string, args: readonly string[], cwd = peersRoot): boolean {
  console.log(`${program} ${args.join(" ")}`);
  return spawnSync(program, args, { cwd, stdio: "inherit" }).status === 0;
}

function installScripts(): boolean {
  const folder = join(peersRoot, "js");
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(join(benchRoot, file), join(folder, file));
  return run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder);
}

function installPython(environment: VirtualEnvironment): boolean {
  const folder = join(peersRoot, environment);
  if (!existsSync(folder) && !run("python3", ["-m", "venv", folder])) return false;
  return environments[environment].every((packages) =>
    run(pythonOf(environment), ["-m", "pip", "install", "--quiet", ...packages]),
  );
}

function exportNetworks(): boolean {
  return run(pythonOf("main"), [join(benchRoot, "peers", "nets.py"), join(peersRoot, "models")]);
}

const parts: readonly (readonly [string, () => boolean])[] = [
  ["npm packages", installScripts],
  ["Python: main", () => installPython("main")],
  ["Python: tf", () => installPython("tf")],
  ["Python: iree", () => installPython("iree")],
  ["Python: tvm", () => installPython("tvm")],
  ["ONNX files", exportNetworks],
];

mkdirSync(peersRoot, { recursive: true });
const failed = parts.filter(([, install]) => !install()).map(([name]) => name);
console.log(failed.length === 0 ? "all peers are there" : `not installed: ${failed.join(", ")}`);
