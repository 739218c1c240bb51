// deadline: 600
/**
 * `keras.ops` against the real Keras where Python has it: results with their dtypes, and gradients, for the calls of test/support/keras-calls.ts.
 * Some of each family are tried; KERATIN_CALLS=all tries all, KERATIN_CALLS=images those of one family, KERATIN_SEED=7 others with other operands.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isNDArray } from "../compiler/arrays.ts";
import { keras, ops, type Tensor } from "../compiler/index.ts";
import { flatten, mapNest, type Nest } from "../compiler/keras/nest.ts";
import { toCamel } from "../compiler/keras/options.ts";
import { GradientTape } from "../compiler/keras/tape.ts";
import { TensorMethods } from "../compiler/tensor.ts";
import { dtypeFromName, dtypes, isFloat } from "../ir/dtype.ts";
import { getElement, setElement } from "../ir/elements.ts";
import type { NDArray } from "../ir/ndarray.ts";
import { difference } from "./support/close.ts";
import { type Call, callFamilies } from "./support/keras-calls.ts";
import { seeded } from "./support/seeded.ts";
import { requireTool } from "./support/tools.ts";

keras.config.setBackend("reference");

/** Answers each call with its arrays and the gradients of their weighted sum, or with the error. */
const script = `
import base64, json, os, sys
os.environ["KERAS_BACKEND"] = "jax"
import jax, jax.numpy as jnp, keras, numpy as np

def decode(v):
    if isinstance(v, dict) and "data" in v:
        a = np.frombuffer(base64.b64decode(v["data"]), "f8").reshape(v["shape"])
        return keras.ops.convert_to_tensor(a.astype(v["dtype"]))
    if isinstance(v, dict): return {k: decode(x) for k, x in v.items()}
    return [decode(x) for x in v] if isinstance(v, list) else v

def encode(a):
    a = np.asarray(a)
    return {"dtype": str(a.dtype), "shape": list(a.shape), "data": base64.b64encode(a.astype("f8").tobytes()).decode()}

def leaves(r):
    if isinstance(r, (list, tuple)): return [y for x in r for y in leaves(x)]
    if jnp.iscomplexobj(r): return [jnp.real(r), jnp.imag(r)]
    return [r]

def find(name):
    f = keras.ops
    for part in name.split("."): f = getattr(f, part)
    return f

def differentiable(v):
    if isinstance(v, list): return [y for x in v for y in differentiable(x)]
    if isinstance(v, dict): return [y for k in sorted(v) for y in differentiable(v[k])]
    return [v] if hasattr(v, "dtype") and v.dtype == jnp.float32 else []

def replace(v, new):
    if isinstance(v, list): return [replace(x, new) for x in v]
    if isinstance(v, dict): return {k: replace(v[k], new) for k in sorted(v)}
    return new.pop(0) if hasattr(v, "dtype") and v.dtype == jnp.float32 else v

def weight(n): return jnp.asarray(((np.arange(n) * 7919) % 13 - 6) / 6, "float32")

def answer(call):
    f, given = find(call["op"]), [decode(call["args"]), decode(call.get("kwargs", {}))]
    results = leaves(f(*given[0], **given[1]))
    found = {"results": [encode(r) for r in results]}
    if not call["gradient"]: return found
    def loss(xs):
        args, kwargs = replace(given, list(xs))
        rs = [r for r in leaves(f(*args, **kwargs)) if hasattr(r, "dtype") and r.dtype == jnp.float32]
        return sum(jnp.sum(jnp.ravel(r) * weight(r.size)) for r in rs) + jnp.float32(0)
    try: found["gradients"] = [encode(g) for g in jax.grad(loss)(differentiable(given))]
    except Exception as e: found["noGradient"] = str(e)[:200]
    return found

found = []
for call in json.load(open(sys.argv[1])):
    try: found.append(answer(call))
    except Exception as e: found.append({"error": type(e).__name__ + ": " + str(e)[:200]})
print(json.dumps(found))
`;

interface Encoded {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: string;
}
interface Answer {
  readonly results?: readonly Encoded[];
  readonly gradients?: readonly Encoded[];
  readonly error?: string;
}

function encode(array: NDArray): Encoded {
  const numbers = Float64Array.from({ length: array.data.length }, (_, i) => getElement(array, i));
  return {
    dtype: dtypes[array.dtype].keras,
    shape: array.shape,
    data: Buffer.from(numbers.buffer).toString("base64"),
  };
}

function decode({ dtype, shape, data }: Encoded): NDArray {
  const bytes = Buffer.from(data, "base64");
  const numbers = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const type = dtypeFromName(dtype) ?? "f32";
  const array = { dtype: type, shape, data: dtypes[type].allocate(numbers.length) };
  numbers.forEach((value, i) => setElement(array, i, value));
  return array;
}

const encoded = (value: unknown): unknown =>
  mapNest<unknown, unknown>(value as Nest<unknown>, (leaf) => (isNDArray(leaf) ? encode(leaf) : leaf));

function askKeras(python: string, calls: readonly Call[]): readonly Answer[] {
  const folder = mkdtempSync(join(tmpdir(), "keratin-calls-"));
  try {
    const request = calls.map(({ op, args, kwargs = {}, gradient = true }) => ({
      op,
      args: encoded(args),
      kwargs: encoded(kwargs),
      gradient,
    }));
    writeFileSync(join(folder, "calls.json"), JSON.stringify(request));
    const output = execFileSync(python, ["-c", script, join(folder, "calls.json")], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      maxBuffer: 1 << 28,
    });
    return JSON.parse(output.trim().split("\n").at(-1) ?? "[]") as Answer[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function functionOf(name: string): (...args: readonly unknown[]) => unknown {
  let found: unknown = ops;
  for (const part of name.split(".")) found = (found as { readonly [key: string]: unknown })[toCamel(part)];
  if (typeof found !== "function") throw new Error(`no ops.${name}`);
  return found as (...args: readonly unknown[]) => unknown;
}

/** What we answer: results as arrays (numbers as they are), and gradients. */
function answer(
  { op, args, kwargs = {} }: Call,
  wantsGradients: boolean,
): { results: unknown[]; gradients: NDArray[] } {
  const f = functionOf(op);
  const tape = new GradientTape();
  const sources: Tensor[] = [];
  const watch = (value: unknown): unknown =>
    mapNest<unknown, unknown>(value as Nest<unknown>, (leaf) => {
      if (!isNDArray(leaf)) return leaf;
      const tensor = tape.watch(leaf);
      if (leaf.dtype === "f32") sources.push(tensor);
      return tensor;
    });
  const [given, named] = [watch(args) as unknown[], watch(kwargs) as object];
  const leaves = tape.record(() =>
    flatten<unknown>(f(...given, ...(Object.keys(named).length > 0 ? [named] : [])) as Nest<unknown>),
  );
  const results = leaves.map((leaf) => (leaf instanceof TensorMethods ? leaf.value.arraySync() : leaf));
  if (!wantsGradients) return { results, gradients: [] };
  const loss = tape.record(() => {
    const terms = leaves.flatMap((leaf) =>
      leaf instanceof TensorMethods && isFloat(leaf.value.dtype) ? [weighted(leaf.value)] : [],
    );
    return terms.reduce(
      (a, b) => ops.add(a, b),
      tape.watch({ dtype: "f32", shape: [], data: new Float32Array(1) }),
    );
  });
  return { results, gradients: tape.gradient(loss, sources).map((tensor) => tensor.arraySync()) };
}

function weighted(x: Tensor): Tensor {
  const count = Number(ops.size(x));
  const weights = Float32Array.from({ length: count }, (_, i) => (((i * 7919) % 13) - 6) / 6);
  return ops.sum(ops.multiply(ops.ravel(x), { dtype: "f32", shape: [count], data: weights }));
}

const describe = ({ op, args, kwargs = {} }: Call): string => {
  const text = (value: unknown): string => {
    if (isNDArray(value)) return `${value.dtype}[${value.shape}]`;
    if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
    return typeof value === "object" && value !== null
      ? Object.entries(value)
          .map(([key, item]) => `${key}=${text(item)}`)
          .join(", ")
      : JSON.stringify(value);
  };
  return `${op}(${[...args.map(text), text(kwargs)].filter(Boolean).join(", ")})`;
};

/** Says how our answer differs from Keras's; undefined where it does not, or Keras has none. */
function disagreement(call: Call, theirs: Answer): string | undefined {
  if (theirs.results === undefined) return undefined;
  try {
    const ours = answer(call, (theirs.gradients?.length ?? 0) > 0);
    if (call.op !== "shape" && ours.results.length !== theirs.results.length)
      return `${theirs.results.length} results expected, got ${ours.results.length}`;
    return (
      compareResults(ours.results, theirs.results) ?? compareGradients(ours.gradients, theirs.gradients ?? [])
    );
  } catch (error) {
    return String(error);
  }
}

function compareResults(ours: readonly unknown[], theirs: readonly Encoded[]): string | undefined {
  for (const [i, item] of theirs.entries()) {
    const [mine, expected] = [ours[i], decode(item)];
    // Python's numbers have no dtype to compare.
    const text = isNDArray(mine)
      ? difference(mine, expected, { relative: 1e-4, absolute: 1e-5 * scaleOf(expected) })
      : Number(mine) === getElement(expected, 0)
        ? undefined
        : `expected ${getElement(expected, 0)}, got ${mine}`;
    if (text !== undefined) return `result ${i}: ${text}`;
  }
  return undefined;
}

function compareGradients(ours: readonly NDArray[], theirs: readonly Encoded[]): string | undefined {
  for (const [i, item] of theirs.entries()) {
    const expected = decode(item);
    const text = difference(ours[i], expected, { relative: 1e-3, absolute: 2e-5 * scaleOf(expected) });
    if (text !== undefined) return `gradient ${i}: ${text}`;
  }
  return undefined;
}

/** The largest finite element, at least 1. */
const scaleOf = (array: NDArray): number =>
  Array.from({ length: array.data.length }, (_, i) => Math.abs(getElement(array, i)))
    .filter(Number.isFinite)
    .reduce((a, b) => Math.max(a, b), 1);

const wanted = process.env.KERATIN_CALLS ?? "some";
const seed = Number(process.env.KERATIN_SEED ?? 1);
/** How many calls of each family are tried unless all are wanted: compiling each for JAX takes a while. */
const SOME = 15;

const selected = Object.entries(callFamilies).flatMap(([family, callsOf]) => {
  const calls = callsOf(seed);
  if (wanted === "all" || wanted === family) return [{ family, calls }];
  return wanted === "some" ? [{ family, calls: seeded(seed).shuffle(calls).slice(0, SOME) }] : [];
});

test("keras.ops answer as the real Keras", () => {
  const python = requireTool("keras-python");
  if (python === undefined) return;
  const all = selected.flatMap(({ calls }) => calls);
  const answers = askKeras(python, all);
  const failures = all.flatMap((call, i) => {
    const text = disagreement(call, answers[i]);
    return text === undefined ? [] : [`${describe(call)}: ${text}`];
  });
  assert.equal(failures, []);
  assert.ok(answers.filter(({ results }) => results !== undefined).length > all.length / 2, "Keras answered");
});

test.run();
