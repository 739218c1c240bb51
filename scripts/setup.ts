// The set-up step of the test command: makes sure of the programs that tests need beyond npm. What is missing is
// installed where that is allowed (Debian packages as root or through sudo -n, Python wheels into .cache/), otherwise it
// is named together with the way to get it. The paths go to .cache/tools.json, which test/support/tools.ts reads.
// With everything in place it only looks at files, and takes well under a second. `--check` installs nothing.

import { execFile, spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type FoundTool,
  projectRoot,
  readTools,
  type ToolName,
  type ToolTable,
  toolsFile,
} from "../test/support/tools.ts";

const cache = join(projectRoot, ".cache");

/** A Python environment of pinned wheels below .cache/. */
interface Venv {
  folder: string;
  requirements: readonly string[];
}

interface ToolSpec {
  name: ToolName;
  /** The Debian packages that hold it, if any do. */
  apt?: readonly string[];
  /** The Python environment that holds it, if one does. */
  venv?: Venv;
  find(): string | undefined;
  /** The command whose output holds the version. */
  version: { args: readonly string[]; pattern: RegExp } | "file";
  /** How to get it where set-up may not or cannot install it. */
  hint: string;
}

// The five wheels must come from one CUDA release: nvcc runs the cicc of nvvm and includes the headers of crt.
const cudaVenv: Venv = {
  folder: join(cache, "cuda"),
  requirements: [
    "nvidia-cuda-nvcc==13.5.37",
    "nvidia-cuda-crt==13.5.37",
    "nvidia-nvvm==13.5.37",
    "nvidia-cuda-runtime==13.5.37",
    "nvidia-cuda-cccl==13.3.5.0.6",
  ],
};

// The versions that wrote the goldens in test/.
const kerasVenv: Venv = {
  folder: join(cache, "keras"),
  requirements: ["keras==3.15.1", "jax[cpu]==0.10.2", "h5py==3.14.0", "numpy==2.4.6"],
};

const tools: readonly ToolSpec[] = [
  {
    name: "g++",
    apt: ["g++"],
    find: () => which("g++"),
    version: { args: ["-dumpfullversion"], pattern: /(\S+)/ },
    hint: "apt-get install g++",
  },
  {
    name: "cmake",
    apt: ["cmake"],
    find: () => which("cmake"),
    version: { args: ["--version"], pattern: /version (\S+)/ },
    hint: "apt-get install cmake",
  },
  {
    name: "chromium",
    apt: ["chromium"],
    find: () => which("chromium"),
    version: { args: ["--version"], pattern: /(\d+(\.\d+)+)/ },
    hint: "apt-get install chromium (Debian; Ubuntu's is a snap without the software Vulkan driver)",
  },
  {
    name: "swiftshader",
    apt: ["chromium", "libvulkan1"],
    find: swiftshader,
    version: "file",
    hint: "apt-get install chromium libvulkan1 (Debian: the driver comes with its chromium)",
  },
  {
    name: "mlir-opt",
    apt: ["mlir-19-tools"],
    find: () => which("mlir-opt-19"),
    version: { args: ["--version"], pattern: /LLVM version (\S+)/ },
    hint: "apt-get install mlir-19-tools (Debian 12 and later, or apt.llvm.org)",
  },
  {
    name: "nvcc",
    venv: cudaVenv,
    find: () => inVenv(cudaVenv, "lib", "site-packages/nvidia/cu13/bin/nvcc"),
    version: { args: ["--version"], pattern: /V(\d\S+)/ },
    hint: `pip install ${cudaVenv.requirements.join(" ")} (Linux only)`,
  },
  {
    name: "keras-python",
    venv: kerasVenv,
    find: () => inVenv(kerasVenv, "bin", "python"),
    version: {
      args: ["-c", "from importlib.metadata import version as v; print('keras', v('keras'))"],
      pattern: /(keras \S+)/,
    },
    hint: `python3 (3.11 or later) with pip install ${kerasVenv.requirements.join(" ")}`,
  },
];

// ---- finding ----

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

/** The first executable of that name on PATH. */
function which(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function stampOf(venv: Venv): string {
  return join(venv.folder, "installed.txt");
}

/** The software Vulkan driver; of no use to Dawn without the system's Vulkan loader. */
function swiftshader(): string | undefined {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
  const hasLoader = folders.some((folder) => existsSync(join(folder, "libvulkan.so.1")));
  return hasLoader ? existing("/usr/lib/chromium/vk_swiftshader_icd.json") : undefined;
}

/** Whether the environment was installed completely, from the present list. */
function isInstalled(venv: Venv): boolean {
  const stamp = stampOf(venv);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === venv.requirements.join("\n");
}

/** A file of an environment; below lib/ there is a folder named after the Python version. */
function inVenv(venv: Venv, part: "bin" | "lib", path: string): string | undefined {
  if (!isInstalled(venv)) return undefined;
  if (part === "bin") return existing(join(venv.folder, "bin", path));
  const config = readFileSync(join(venv.folder, "pyvenv.cfg"), "utf8");
  const version = /^version\s*=\s*(\d+\.\d+)/m.exec(config)?.[1];
  return existing(join(venv.folder, "lib", `python${version}`, path));
}

// ---- installing ----

interface Outcome {
  ok: boolean;
  output: string;
}

/** Runs a program to its end; its output is kept for the message of a failure. */
function execute(command: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: 600_000, maxBuffer: 1 << 28 };
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ ok: error === null, output: `${stdout}${stderr}${error === null ? "" : error.message}` });
    });
  });
}

/** The words in front of a command that make it run as root, or undefined where that cannot be had. */
function rootPrefix(): readonly string[] | undefined {
  if (process.getuid?.() === 0) return [];
  if (which("sudo") !== undefined && spawnSync("sudo", ["-n", "true"]).status === 0) return ["sudo", "-n"];
  return undefined;
}

/** Installs Debian packages in one go. Returns what went wrong, or undefined. */
async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  const prefix = rootPrefix();
  if (which("apt-get") === undefined) return "no apt-get here";
  if (prefix === undefined) return "neither root nor sudo -n";
  console.log(`apt-get install ${packages.join(" ")} …`);
  const apt = (...args: string[]): Promise<Outcome> => {
    const words = [
      ...prefix,
      "env",
      "DEBIAN_FRONTEND=noninteractive",
      "apt-get",
      "-o",
      "DPkg::Lock::Timeout=300",
    ];
    return execute(words[0], [...words.slice(1), ...args]);
  };
  await apt("update"); // a failing third-party source must not stop us: the install says whether it mattered
  const outcome = await apt("install", "--yes", "--no-install-recommends", ...packages);
  return outcome.ok ? undefined : lastLines(outcome.output);
}

/** Makes a Python environment and fills it. Returns what went wrong, or undefined. */
async function installVenv(venv: Venv): Promise<string | undefined> {
  const python = which("python3");
  if (python === undefined) return "no python3 here";
  console.log(`pip install ${venv.requirements.join(" ")} …`);
  rmSync(venv.folder, { recursive: true, force: true });
  const made = await execute(python, ["-m", "venv", venv.folder]);
  if (!made.ok) return lastLines(made.output);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
  const filled = await execute(join(venv.folder, "bin/python"), [...pip, ...venv.requirements]);
  if (!filled.ok) return lastLines(filled.output);
  writeFileSync(stampOf(venv), venv.requirements.join("\n"));
  return undefined;
}

function lastLines(text: string): string {
  return text.trim().split("\n").slice(-6).join("\n");
}

/** Debian splits `python3 -m venv` from python3. */
function missingPythonPackages(venvs: readonly Venv[]): readonly string[] {
  const works = venvs.length === 0 || spawnSync("python3", ["-c", "import ensurepip, venv"]).status === 0;
  return works ? [] : ["python3", "python3-venv"];
}

/** Installs what the given tools come from: Debian packages first, since the Python environments may need one. */
async function install(missing: readonly ToolSpec[]): Promise<void> {
  const venvs = [...new Set(missing.flatMap((spec) => spec.venv ?? []))];
  const packages = [...new Set(missing.flatMap((spec) => spec.apt ?? []))].concat(
    missingPythonPackages(venvs),
  );
  const problems = packages.length > 0 ? [await installPackages(packages)] : [];
  problems.push(...(await Promise.all(venvs.map(installVenv))));
  for (const problem of problems) if (problem !== undefined) console.log(problem);
}

/** Keeps two set-ups in one checkout apart: the second waits until the first is done, or is no longer alive. */
async function withLock(body: () => Promise<void>): Promise<void> {
  const lock = join(cache, "setup.lock");
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch {
      if (!holderLives(lock)) rmSync(lock, { force: true });
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    await body();
  } finally {
    rmSync(lock, { force: true });
  }
}

function holderLives(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch {
    return false;
  }
}

// ---- reporting ----

/** Asking a program for its version can take half a second, so the answer is kept as long as the file stays the same. */
async function describe(
  spec: ToolSpec,
  path: string,
  known: FoundTool | undefined,
): Promise<FoundTool | undefined> {
  const { mtimeMs, size } = statSync(path);
  const stamp = `${mtimeMs}:${size}:${spec.venv?.requirements.join(" ") ?? ""}`;
  if (known !== undefined && known.path === path && known.stamp === stamp) return known;
  if (spec.version === "file") return { path, version: "present", stamp };
  const { ok, output } = await execute(path, spec.version.args);
  const version = spec.version.pattern.exec(output)?.[1];
  if (!ok || version === undefined) console.log(`${path} does not run: ${lastLines(output)}`);
  else return { path, version, stamp };
  return undefined;
}

async function main(): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const missing = tools.filter((spec) => spec.find() === undefined);
  if (missing.length > 0 && !process.argv.includes("--check")) {
    await withLock(() => install(missing.filter((spec) => spec.find() === undefined)));
  }
  const known = readTools();
  const table: ToolTable = {};
  for (const spec of tools) {
    const path = spec.find();
    const found = path === undefined ? undefined : await describe(spec, path, known[spec.name]);
    if (found === undefined) console.log(`MISSING: ${spec.name}, get it with: ${spec.hint}`);
    else console.log(`${spec.name.padEnd(13)} ${found.version.padEnd(18)} ${found.path}`);
    if (found !== undefined) table[spec.name] = found;
  }
  writeFileSync(`${toolsFile}.${process.pid}`, `${JSON.stringify(table, null, 2)}\n`);
  renameSync(`${toolsFile}.${process.pid}`, toolsFile); // at once: a test may be reading it
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
