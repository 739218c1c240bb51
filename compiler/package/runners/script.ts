/** Runs artifacts with a `model.js`: imports it and calls its methods. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type DType, dtypes, type TypedArray } from "../../../ir/dtype.ts";
import { ModelError } from "../../../ir/errors.ts";
import { type NDArray, sizeOf } from "../../../ir/ndarray.ts";
import { bindInputs, evaluate, type Tensor } from "../../../runtime/manifest.ts";
import type { Artifact } from "../open-artifact.ts";
import type { Runner } from "./runner.ts";

type Results = { readonly [name: string]: ArrayBufferView | number };

interface ScriptModel {
  predict(inputs: { readonly [name: string]: Tensor }): Results | Promise<Results>;
  trainStep?(...inputs: readonly Tensor[]): Promise<Results>;
  destroy?(): void;
}

interface ScriptModule {
  load(options?: { readonly device?: GPUDevice }): Promise<ScriptModel>;
}

/** Loads `model.js`. A version that was imported before and has been replaced since is another module. */
export async function startScript({ folder, manifest }: Artifact, device?: GPUDevice): Promise<Runner> {
  const path = resolve(join(folder, "model.js"));
  const version = createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 16);
  const model = await told(folder, async () => {
    const { load } = (await import(`${pathToFileURL(path).href}?${version}`)) as ScriptModule;
    return load({ device });
  });
  const prepare = (name: string, inputs: readonly NDArray[]) => {
    const entry = manifest.entries[name];
    const tensors = inputs.map(({ data, shape }): Tensor => ({ data, shape }));
    const named = Object.fromEntries(entry.inputs.map((port, i) => [port.name, tensors[i]]));
    return { entry, named, run: () => call(model, name, named, tensors) };
  };
  return {
    async measure(name, inputs) {
      const { run } = prepare(name, inputs);
      const start = performance.now();
      const results = run();
      if (results instanceof Promise) await results; // waiting for what is there already would count too
      return performance.now() - start;
    },
    async call(name, inputs) {
      const { entry, named, run } = prepare(name, inputs);
      const { bindings } = bindInputs(name, entry, named);
      const results = await told(folder, run);
      return entry.outputs.map(({ name: output, dtype, shape }) =>
        arrayOf(
          dtype,
          shape.map((size) => evaluate(size, bindings)),
          results[output],
        ),
      );
    },
    close: async () => model.destroy?.(),
  };
}

/** What goes wrong inside of the artifact, as an error that says where. */
async function told<T>(folder: string, body: () => T | Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new ModelError("the artifact failed", {
      where: folder,
      got,
      hint: "keratin verify tells whether it is whole",
    });
  }
}

function call(
  model: ScriptModel,
  name: string,
  named: { readonly [name: string]: Tensor },
  tensors: readonly Tensor[],
): Results | Promise<Results> {
  if (name === "predict") return model.predict(named);
  if (model.trainStep === undefined) throw new ModelError("the artifact has no such entry", { got: name });
  return model.trainStep(...tensors);
}

function arrayOf(dtype: DType, shape: readonly number[], result: ArrayBufferView | number): NDArray {
  if (typeof result === "number") return { dtype, shape, data: scalarOf(dtype, result) };
  return { dtype, shape, data: dtypes[dtype].view(result.buffer, result.byteOffset, sizeOf(shape)) };
}

function scalarOf(dtype: DType, value: number): TypedArray {
  const data = dtypes[dtype].allocate(1);
  data[0] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : value;
  return data;
}
