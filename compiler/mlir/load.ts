/**
 * Loads mlir-js where it is installed. It is optional: nothing of keratin needs it until somebody asks for MLIR.
 */
import type { Mlir, Variant } from "mlir-js";
import { Unsupported } from "../../ir/errors.ts";

/** Throws Unsupported where the package is not there. */
export async function loadMlirJs(variant: Variant): Promise<Mlir> {
  const { loadMlir } = await importPackage();
  return loadMlir({ variant });
}

async function importPackage(): Promise<typeof import("mlir-js")> {
  try {
    return await import("mlir-js");
  } catch (error) {
    throw new Unsupported("this installation", "MLIR's own passes", {
      got: (error as Error).message,
      hint: "Install the package mlir-js beside keratin",
    });
  }
}
