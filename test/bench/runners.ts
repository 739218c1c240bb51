/**
 * Who is measured: keratin's targets and their peers. A runner is a process that loads one workload and then answers with times; see
 * `peers/serve.mjs`. Each is declared here once: what starts it, what it can do, against whom it is compared.
 */
import { join } from "node:path";
import {
  benchRoot,
  buildRoot,
  isInstalled,
  libraryBundle,
  newestNode,
  pythonOf,
  type VirtualEnvironment,
} from "./places.ts";
import type { Workload, WorkloadKind } from "./workloads.ts";

/** Whose peak and whose peers a runner is held against. */
export type League = "wasm" | "native";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: { readonly [name: string]: string };
}

export interface Runner {
  readonly name: string;
  readonly league: League;
  /** Measured unless asked for by name: false for those that take minutes or are no rivals. */
  readonly isUsual: boolean;
  /** Which Node runs it, where that matters for what its wasm may use. */
  readonly node?: "installed" | "newest";
  /** The target of keratin that must be built first. */
  readonly target?: "wasm" | "cpp";
  /** Why it cannot run a workload, or undefined. */
  cannot(workload: Workload, threads: number): string | undefined;
  command(workload: Workload, threads: number): Command;
}

export const artifactFolder = (net: string, train: boolean): string =>
  join(buildRoot, train ? `${net}-train` : net);

const peer = (file: string): string => join(benchRoot, "peers", file);
const argumentsOf = ({ kind, net, batch }: Workload, threads: number): string[] => [
  kind,
  net,
  String(batch),
  String(threads),
];

const nodes = { installed: process.execPath, newest: newestNode } as const;
const installedName = `node${process.versions.node.split(".")[0]}`;

interface Abilities {
  readonly kinds: readonly WorkloadKind[];
  readonly nets?: readonly string[];
  readonly mostThreads?: number;
  readonly batches?: readonly number[];
}

function missing(abilities: Abilities, { kind, net, batch }: Workload, threads: number): string | undefined {
  if (!abilities.kinds.includes(kind)) return `does not do ${kind}`;
  if (abilities.nets?.includes(net) === false) return `has no ${net}`;
  if (abilities.batches?.includes(batch) === false) return `is not tried at batch ${batch}`;
  return threads > (abilities.mostThreads ?? Infinity) ? "has no threads" : undefined;
}

/** A script in JavaScript, on the installed Node and on the newest. */
function scripts(
  name: string,
  file: string,
  abilities: Abilities,
  options: { flavour?: string; league?: League; isUsual?: boolean; onlyInstalled?: boolean } = {},
): Runner[] {
  const { flavour, league = "wasm", isUsual = true, onlyInstalled = false } = options;
  const versions = onlyInstalled ? (["installed"] as const) : (["installed", "newest"] as const);
  return versions.map((node) => ({
    name: onlyInstalled ? name : `${name}@${node === "installed" ? installedName : "newest"}`,
    league,
    isUsual,
    node,
    cannot: (workload, threads) =>
      isInstalled(nodes[node]) ? missing(abilities, workload, threads) : "is not installed",
    command: (workload, threads) => ({
      program: nodes[node],
      args: [peer(file), ...argumentsOf(workload, threads), ...(flavour === undefined ? [] : [flavour])],
    }),
  }));
}

/** A program in Python. */
function python(
  name: string,
  environment: VirtualEnvironment,
  file: string,
  flavour: string,
  abilities: Abilities,
  isUsual = true,
): Runner {
  return {
    name,
    league: "native",
    isUsual,
    cannot: (workload, threads) =>
      isInstalled(pythonOf(environment)) ? missing(abilities, workload, threads) : "is not installed",
    command: (workload, threads) => ({
      program: pythonOf(environment),
      args: [peer(file), ...argumentsOf(workload, threads), flavour],
      env: { OMP_NUM_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: "1" },
    }),
  };
}

/** The wasm artifact on both versions of Node; on the newest, whatever variant its loader picks. */
const keratinWasm = (["installed", "newest"] as const).map(
  (node): Runner => ({
    name: `keratin-wasm@${node === "installed" ? installedName : "newest"}`,
    league: "wasm",
    isUsual: true,
    node,
    target: "wasm",
    cannot: (workload, threads) =>
      isInstalled(nodes[node])
        ? missing({ kinds: ["infer", "train"] }, workload, threads)
        : "is not installed",
    command: (workload, threads) => ({
      program: nodes[node],
      args: [
        peer("keratin.mjs"),
        ...argumentsOf(workload, threads),
        join(artifactFolder(workload.net, workload.kind === "train"), "wasm"),
      ],
    }),
  }),
);

const keratinCpp: Runner = {
  name: "keratin-cpp",
  league: "native",
  isUsual: true,
  target: "cpp",
  cannot: (workload, threads) => missing({ kinds: ["infer", "train"] }, workload, threads),
  command: ({ kind, net, batch }, threads) => {
    const folder = join(artifactFolder(net, kind === "train"), "cpp");
    return {
      program: join(folder, "serve"),
      args: [kind, join(folder, "weights.bin"), String(batch), String(threads)],
    };
  },
};

const keratinEager: Runner = {
  name: "keratin-wasm-eager",
  league: "wasm",
  isUsual: true,
  node: "installed",
  cannot: (workload, threads) => missing({ kinds: ["eager"], mostThreads: 1 }, workload, threads),
  command: (workload, threads) => ({
    program: process.execPath,
    args: [peer("keratin-eager.mjs"), ...argumentsOf(workload, threads), libraryBundle],
    env: { KERAS_BACKEND: "wasm" },
  }),
};

const inference: Abilities = { kinds: ["infer"] };
const everything: Abilities = { kinds: ["infer", "train", "eager"] };
/** A step at batch 128 takes jax-js seconds, and its larger networks were not written. */
const jaxJs: Abilities = {
  kinds: ["infer", "eager"],
  nets: ["mnist", "gemm1024", "add", "matmul"],
  mostThreads: 1,
};

export const runners: readonly Runner[] = [
  ...keratinWasm,
  keratinCpp,
  keratinEager,
  ...scripts("ort-web", "ort.mjs", inference, { flavour: "web" }),
  ...scripts("tfjs-wasm", "tfjs.mjs", { kinds: ["infer", "eager"], mostThreads: 1 }),
  ...scripts("jax-js", "jax-js.mjs", jaxJs, { isUsual: false, onlyInstalled: true }),
  ...scripts("ort-node", "ort.mjs", inference, { flavour: "node", league: "native", onlyInstalled: true }),
  python("ort", "main", "onnx_peers.py", "ort", inference),
  python("openvino", "main", "onnx_peers.py", "openvino", inference),
  python("torch", "main", "torch_peer.py", "eager", everything),
  python("torch-compile", "main", "torch_peer.py", "compile", { kinds: ["infer", "train"] }, false),
  python("jax", "main", "keras_peer.py", "jax", everything),
  python("tf", "tf", "keras_peer.py", "tf", everything),
  python("tf-xla", "tf", "keras_peer.py", "tf-xla", inference, false),
  python("numpy", "main", "keras_peer.py", "numpy", { kinds: ["eager"] }),
  python("iree", "iree", "onnx_peers.py", "iree", inference, false),
  python("tvm", "tvm", "onnx_peers.py", "tvm", inference, false),
];

export const isOurs = ({ name }: { readonly name: string }): boolean => name.startsWith("keratin");
