/**
 * The names that `KERAS_BACKEND` takes.
 */
import { ModelError } from "../../ir/errors.ts";
import type { BackendName } from "../backend.ts";

/** Every name, with the backend it means; or, for Keras's other backends, undefined. */
const names: { readonly [name: string]: BackendName | undefined } = {
  wasm: "wasm",
  webgpu: "webgpu",
  cpp: "cpp",
  cuda: "cuda",
  reference: "reference",
  /** Keras's name for the slow backend that shows what things mean. */
  numpy: "reference",
  tensorflow: undefined,
  torch: undefined,
  jax: undefined,
  openvino: undefined,
};

const available = (): string =>
  Object.keys(names)
    .filter((name) => names[name] !== undefined)
    .join(", ");

/** The backend called `name`; throws ModelError, saying what there is, for any other name. */
export function checkBackend(name: string): BackendName {
  const backend = Object.hasOwn(names, name) ? names[name] : undefined;
  if (backend !== undefined) return backend;
  throw new ModelError("no such backend", {
    where: "KERAS_BACKEND",
    expected: `one of ${available()}`,
    got: JSON.stringify(name),
    hint: Object.hasOwn(names, name)
      ? `${name} as a backend is planned as a package of its own; until then wasm is the nearest`
      : `Set KERAS_BACKEND, or call keras.config.setBackend("wasm")`,
  });
}

/** What the environment asks for; wasm where it says nothing, and in browsers. */
export function backendFromEnvironment(): BackendName {
  const name = typeof process === "undefined" ? undefined : process.env.KERAS_BACKEND;
  return name === undefined || name === "" ? "wasm" : checkBackend(name);
}
