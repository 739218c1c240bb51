// What the tests of mlir-js share.

import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Context, Mlir, MlirError, Module, Operation } from "../../ir/mlir-js/src/index.ts";

export const add3 = `func.func @add3(%a: i32, %b: i32) -> i32 {
  %zero = arith.constant 0 : i32
  %0 = arith.addi %a, %zero : i32
  %1 = arith.addi %0, %b : i32
  return %1 : i32
}`;

/** Registers tests that run with a context of their own. */
export const contextTests =
  (mlir: Mlir) =>
  (name: string, run: (context: Context) => void, allowUnregistered = false): void => {
    test(name, () => {
      const context = mlir.createContext({ allowUnregistered });
      try {
        run(context);
      } finally {
        context.dispose();
      }
    });
  };

/** The error that `run` throws, which must be of this kind. */
export function failure<T extends MlirError>(run: () => unknown, Kind: new (...args: never[]) => T): T {
  try {
    run();
  } catch (error) {
    assert.instance(error, Kind, String(error));
    return error as T;
  }
  throw new Error(`no ${Kind.name}`);
}

/** The first operation of this name. */
export function operationNamed(module: Module, name: string): Operation {
  let found: Operation | undefined;
  module.walk((op) => {
    if (op.name !== name) return undefined;
    found = op;
    return "stop";
  });
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}
