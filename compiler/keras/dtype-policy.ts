/**
 * `keras.dtypePolicies`: in which dtype a layer computes, and in which it keeps its weights. "float32" is both; "mixed_float16" and
 * "mixed_bfloat16" compute in 16 bits and keep weights, their updates and losses in float32 (Micikevicius et al., 2018).
 */
import { type DType, dtypes, isFloat } from "../../ir/dtype.ts";
import { ModelError } from "../../ir/errors.ts";
import { dtypeOf } from "./dtype-names.ts";
import { isPlainObject, type JsonObject } from "./options.ts";
import { session } from "./session.ts";

/** Example: `layers.Dense(10, { dtype: "mixed_float16" })`, or for all layers `keras.mixedPrecision.setGlobalPolicy("mixed_float16")`. */
export class DTypePolicy {
  static readonly module = "keras";
  static readonly className = "DTypePolicy";
  /** As Keras writes it: "float32", "mixed_float16". */
  readonly name: string;
  readonly computeDType: DType;
  readonly variableDType: DType;

  /** Throws ModelError for a name that is neither a dtype nor "mixed_float16" or "mixed_bfloat16". */
  constructor(name: string) {
    this.name = name;
    const mixed = /^mixed_(b?float16)$/.exec(name);
    if (mixed === null && name.startsWith("mixed_")) {
      throw new ModelError(
        `Cannot convert '${name}' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', ` +
          "'mixed_bfloat16', and the name of any float dtype such as 'float32'.",
      );
    }
    this.computeDType = dtypeOf(mixed?.[1] ?? name);
    this.variableDType = mixed === null ? this.computeDType : "f32";
  }

  /** Keras's names of the dtypes. */
  get computeDtype(): string {
    return dtypes[this.computeDType].keras;
  }
  get variableDtype(): string {
    return dtypes[this.variableDType].keras;
  }

  /** The dtype of weights inside a layer that converts them by itself, called in one that reads them in `outer`; undefined: their own. */
  autocastWithin(outer: DType | undefined): DType | undefined {
    if (!isFloat(this.computeDType)) return undefined;
    return outer !== undefined || this.computeDType !== this.variableDType ? this.computeDType : undefined;
  }

  getConfig(): JsonObject {
    return { name: this.name };
  }
}

export type DTypePolicyLike = string | DTypePolicy | JsonObject | null | undefined;

/** The policy that an option means: a name, a policy or its configuration; null stands for the dtype of `keras.config.floatx()`. */
export function policyOf(given: DTypePolicyLike, owner: string): DTypePolicy {
  if (given instanceof DTypePolicy) return given;
  const name = isPlainObject(given) && isPlainObject(given.config) ? given.config.name : given;
  if (name === null || name === undefined) return new DTypePolicy(dtypes[session.floatx].keras);
  if (typeof name === "string") return new DTypePolicy(name === "int" ? "int32" : name);
  throw new ModelError("not a dtype policy", {
    where: owner,
    expected: 'a name such as "float32" or "mixed_float16", or a policy',
    got: JSON.stringify(given),
  });
}

/** The policy of layers that were given none: that of `setGlobalPolicy`, else `keras.config.floatx()`. */
export const globalPolicy = (): DTypePolicy => policyOf(session.globalPolicy, "the global policy");

/** Chooses the policy of layers made from now on, by name: `keras.config.setDtypePolicy("mixed_float16")`. Throws ModelError for unknown names. */
export function setGlobalPolicy(policy: DTypePolicyLike): void {
  session.globalPolicy = policyOf(policy, "set_dtype_policy").name;
}

/** The policy of a layer, which may have been given none. */
export const layerPolicy = (given: DTypePolicyLike, owner: string): DTypePolicy =>
  given === null || given === undefined ? globalPolicy() : policyOf(given, owner);
