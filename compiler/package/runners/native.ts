/**
 * Runs C++ and CUDA artifacts: builds their source together with a driver that reads calls from its input and writes results to its
 * output, with the compiler of the machine and the artifact's own flags.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { byteWidth, dtypes } from "../../../ir/dtype.ts";
import { ModelError, Unsupported } from "../../../ir/errors.ts";
import { bytesOf, type NDArray, sizeOf } from "../../../ir/ndarray.ts";
import { type Bindings, bindInputs, evaluate } from "../../../runtime/manifest.ts";
import { COMPILE_FLAGS } from "../../../targets/cpp/project.ts";
import { CUDA_FLAGS } from "../../../targets/cuda/project.ts";
import type { Artifact } from "../open-artifact.ts";
import { ByteQueue } from "./byte-queue.ts";
import { driverText } from "./native-driver.ts";
import type { Runner } from "./runner.ts";

export type NativeTarget = "cpp" | "cuda";

interface Toolchain {
  readonly candidates: readonly string[];
  /** The environment variable that names another. */
  readonly variable: string;
  readonly flags: readonly string[];
  readonly source: string;
  readonly hint: string;
}

const toolchains: { readonly [T in NativeTarget]: Toolchain } = {
  cpp: {
    candidates: ["g++", "clang++", "c++"],
    variable: "CXX",
    flags: ["-std=c++17", "-O3", "-march=native", "-pthread", ...COMPILE_FLAGS],
    source: "model.cpp",
    hint: "Install g++ or clang (Debian and Ubuntu: apt install g++), or name one in CXX",
  },
  cuda: {
    candidates: ["nvcc", "/usr/local/cuda/bin/nvcc"],
    variable: "NVCC",
    flags: ["-std=c++17", "-O3", "-arch=native", ...CUDA_FLAGS],
    source: "model.cu",
    hint: "Install the CUDA toolkit, or name its nvcc in NVCC",
  },
};

/** Builds and starts. Throws Unsupported where there is no compiler, or for CUDA no GPU. */
export async function startNative(target: NativeTarget, artifact: Artifact): Promise<Runner> {
  const compiler = findCompiler(target);
  if (target === "cuda") await requireGpu();
  const build = mkdtempSync(join(tmpdir(), "keratin-"));
  try {
    const program = await buildDriver(target, compiler, artifact, build);
    return new NativeRunner(artifact, spawn(program, [join(artifact.folder, "weights.bin")]), build);
  } catch (error) {
    rmSync(build, { recursive: true, force: true });
    throw error;
  }
}

function findCompiler(target: NativeTarget): string {
  const { candidates, variable, hint } = toolchains[target];
  const wanted = process.env[variable];
  const names = wanted === undefined || wanted === "" ? candidates : [wanted];
  const found = names.map(onPath).find((path) => path !== undefined);
  if (found !== undefined) return found;
  throw new Unsupported(target, "running here without a compiler", {
    expected: names.join(" or "),
    got: "none on PATH",
    hint,
  });
}

function onPath(name: string): string | undefined {
  const folders = name.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders
    .map((folder) => (folder === "" ? name : join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function requireGpu(): Promise<void> {
  try {
    await promisify(execFile)("nvidia-smi", ["-L"]);
  } catch {
    throw new Unsupported("cuda", "this machine", {
      expected: "an NVIDIA GPU with its driver",
      got: "none (nvidia-smi does not run)",
      hint: "Copy the folder to a machine with one: cmake -B build && cmake --build build",
    });
  }
}

async function buildDriver(
  target: NativeTarget,
  compiler: string,
  { folder, manifest }: Artifact,
  build: string,
): Promise<string> {
  const { flags, source } = toolchains[target];
  const program = join(build, "driver");
  writeFileSync(join(build, "driver.cpp"), driverText(manifest));
  const args = [
    ...flags,
    `-I${resolve(folder)}`,
    join(build, "driver.cpp"),
    resolve(folder, source),
    "-o",
    program,
  ];
  try {
    await promisify(execFile)(compiler, args, { maxBuffer: 1 << 24 });
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const line = stderr.split("\n").find((text) => text.includes("error")) ?? String(error).split("\n")[0];
    throw new ModelError("the compiler refused the artifact", {
      where: `${compiler} on ${join(folder, source)} (${cpus()[0]?.model ?? process.arch})`,
      got: line.trim(),
    });
  }
  return program;
}

/** Talks to the driver: see `native-driver.ts` for what goes over the pipes. */
class NativeRunner implements Runner {
  readonly #artifact: Artifact;
  readonly #process: ChildProcess;
  readonly #build: string;
  readonly #answers: ByteQueue;
  #complaint = "";
  /** What the last call took. */
  #nanoseconds = 0;

  constructor(artifact: Artifact, child: ChildProcess, build: string) {
    this.#artifact = artifact;
    this.#process = child;
    this.#build = build;
    this.#answers = new ByteQueue(child);
    child.stderr?.on("data", (text) => {
      this.#complaint += String(text);
    });
    child.stdin?.on("error", () => undefined); // the queue reports that the driver ended
  }

  async call(name: string, inputs: readonly NDArray[]): Promise<readonly NDArray[]> {
    const { entries } = this.#artifact.manifest;
    const entry = entries[name];
    const named = Object.fromEntries(entry.inputs.map((port, i) => [port.name, inputs[i]]));
    const { bindings } = bindInputs(name, entry, named);
    const shapes = entry.outputs.map(({ shape }) => shape.map((size) => evaluate(size, bindings)));
    const sizes = entry.outputs.map(({ dtype }, i) => sizeOf(shapes[i]) * byteWidth(dtype));
    this.#send(Object.keys(entries).indexOf(name), entry.symbols, bindings, inputs, sizes);
    this.#nanoseconds = Number(new BigInt64Array((await this.#receive(8)).buffer)[0]);
    const outputs: NDArray[] = [];
    for (const [i, { dtype }] of entry.outputs.entries()) {
      const bytes = await this.#receive(sizes[i]);
      outputs.push({ dtype, shape: shapes[i], data: dtypes[dtype].view(bytes.buffer, 0, sizeOf(shapes[i])) });
    }
    return outputs;
  }

  async measure(name: string, inputs: readonly NDArray[]): Promise<number> {
    await this.call(name, inputs);
    return this.#nanoseconds / 1e6;
  }

  #send(
    entry: number,
    symbols: readonly string[],
    bindings: Bindings,
    inputs: readonly NDArray[],
    sizes: readonly number[],
  ): void {
    const numbers = [
      entry,
      ...symbols.map((name) => bindings[name]),
      ...inputs.map((array) => bytesOf(array).length),
      ...sizes,
    ];
    this.#process.stdin?.write(new Uint8Array(BigInt64Array.from(numbers.map(BigInt)).buffer));
    for (const array of inputs) this.#process.stdin?.write(bytesOf(array));
  }

  async #receive(size: number): Promise<Uint8Array> {
    const bytes = await this.#answers.take(size);
    if (bytes !== undefined) return bytes;
    throw new ModelError("the compiled program failed", {
      where: this.#artifact.folder,
      got: this.#complaint.trim() || "it ended without a word",
    });
  }

  async close(): Promise<void> {
    this.#process.stdin?.end();
    await this.#answers.ended;
    rmSync(this.#build, { recursive: true, force: true });
  }
}
