/**
 * Compiles emitted C++ or CUDA into shared libraries, with the compiler of the machine, and keeps them on disk.
 *
 * A library's name is the hash of everything that decides its content: source, compiler and its version, flags, processor. It appears
 * under that name whole or not at all (written beside, then renamed), so processes may share the directory. The first use of a program
 * costs a run of the compiler, later ones nothing. Node only.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus, homedir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { Unsupported } from "../../ir/errors.ts";
import { COMPILE_FLAGS } from "../../targets/cpp/project.ts";
import { CUDA_FLAGS } from "../../targets/cuda/project.ts";

export type NativeTarget = "cpp" | "cuda";

export interface NativeOptions {
  readonly target: NativeTarget;
  /** A compiler to use instead of the one found: g++, clang++, nvcc. */
  readonly compiler?: string;
  /** Where libraries are kept; `$XDG_CACHE_HOME/keratin/native` or `~/.cache/keratin/native`. */
  readonly cacheDirectory?: string;
  /** By default, single operations are compiled quickly and whole models fully. */
  readonly effort?: Effort;
}

/** `quick` is -O1: half the time to compile, and tiles that the schedule has vectorised run at 97 % of the speed of `full`, -O3. */
export type Effort = "quick" | "full";

export interface NativeSource {
  /** The header that the source includes as "model.h". */
  readonly header: string;
  readonly source: string;
  readonly effort: Effort;
}

interface Compiler {
  readonly path: string;
  readonly version: string;
  readonly flags: readonly string[];
  readonly extension: string;
}

const CANDIDATES: { readonly [T in NativeTarget]: readonly string[] } = {
  cpp: ["g++", "clang++", "c++"],
  cuda: ["nvcc", "/usr/local/cuda/bin/nvcc"],
};
const VARIABLES: { readonly [T in NativeTarget]: string } = { cpp: "CXX", cuda: "NVCC" };
const HINTS: { readonly [T in NativeTarget]: string } = {
  cpp: "Install g++ or clang (Debian and Ubuntu: apt install g++), or name one in CXX",
  cuda: "Install the CUDA toolkit, or name its nvcc in NVCC",
};

/** Compiles and keeps. One per process and target is enough. */
export class NativeCompiler {
  readonly #options: NativeOptions;
  #found: Compiler | undefined;

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  /** The path of the library that holds this source. Throws Unsupported where there is no compiler. */
  library(code: NativeSource): string {
    const path = join(this.#directory(), `${this.keyOf(code)}.so`);
    if (!existsSync(path)) this.#compile(code, path);
    return path;
  }

  /** Names everything that decides the library's content. */
  keyOf(code: NativeSource): string {
    const { path, version, flags } = this.#compiler();
    const parts = [
      path,
      version,
      [...flags, ...LEVELS[this.#options.target][code.effort]].join(" "),
      process.arch,
      cpus()[0]?.model ?? "",
      code.header,
      code.source,
    ];
    return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 32);
  }

  /** The library that was recorded to hold the source of this key, while it exists. */
  recorded(key: string): string | undefined {
    const note = join(this.#directory(), `${key}.txt`);
    if (!existsSync(note)) return undefined;
    const library = join(this.#directory(), basename(readFileSync(note, "utf8")));
    return existsSync(library) ? library : undefined;
  }

  /** Remembers that a library holds, among others, the source of this key. */
  record(key: string, library: string): void {
    const draft = mkdtempSync(join(this.#directory(), "draft-"));
    writeFileSync(join(draft, "note"), basename(library));
    renameSync(join(draft, "note"), join(this.#directory(), `${key}.txt`));
    rmSync(draft, { recursive: true });
  }

  #directory(): string {
    const base = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
    const path = this.#options.cacheDirectory ?? join(base, "keratin", "native");
    // Code is loaded from here: nobody else may write to it.
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  #compile({ header, source, effort }: NativeSource, path: string): void {
    const { path: compiler, flags, extension } = this.#compiler();
    const draft = mkdtempSync(join(this.#directory(), "draft-"));
    try {
      writeFileSync(join(draft, "model.h"), header);
      writeFileSync(join(draft, `model${extension}`), source);
      execFileSync(
        compiler,
        [...flags, ...LEVELS[this.#options.target][effort], `model${extension}`, "-o", "model.so"],
        {
          cwd: draft,
          stdio: "pipe",
        },
      );
      renameSync(join(draft, "model.so"), path);
    } catch (error) {
      throw compileError(this.#options.target, compiler, error);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  #compiler(): Compiler {
    this.#found ??= findCompiler(this.#options);
    return this.#found;
  }
}

function findCompiler({ target, compiler }: NativeOptions): Compiler {
  const wanted = compiler ?? process.env[VARIABLES[target]];
  const candidates = wanted === undefined ? CANDIDATES[target] : [wanted];
  const path = candidates.map(onPath).find((found) => found !== undefined);
  if (path === undefined) {
    throw new Unsupported(target, "running in this process without a compiler", {
      expected: candidates.join(" or "),
      hint: HINTS[target],
    });
  }
  const version = execFileSync(path, ["--version"], { encoding: "utf8" });
  const extension = target === "cpp" ? ".cpp" : ".cu";
  return { path, version, flags: FLAGS[target], extension };
}

/** At -O1 the choice of induction variables of g++ 12 loses the trips of loops that run down (test: triangular_solve on cpp). */
const LEVELS: { readonly [T in NativeTarget]: { readonly [E in Effort]: readonly string[] } } = {
  cpp: { quick: ["-O1", "-fno-ivopts"], full: ["-O3"] },
  cuda: { quick: ["-O1"], full: ["-O3"] },
};

const FLAGS: { readonly [T in NativeTarget]: readonly string[] } = {
  cpp: ["-std=c++17", "-shared", "-fPIC", "-march=native", ...COMPILE_FLAGS],
  cuda: ["-std=c++17", "-shared", "-Xcompiler=-fPIC", "-arch=native", ...CUDA_FLAGS],
};

function onPath(name: string): string | undefined {
  if (name.includes("/")) return existsSync(name) ? name : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

function compileError(target: NativeTarget, compiler: string, error: unknown): Error {
  const output =
    error instanceof Error && "stderr" in error ? String(error.stderr).slice(0, 2000) : String(error);
  return new Unsupported(target, "this program: the compiler refused it", { where: compiler, got: output });
}
