/**
 * What an operation says of itself: its name, attributes, location and text, and whether it keeps to the rules. Its operands, results and
 * place are in `operation.ts`.
 */
import { Attribute, pairs } from "./attribute.ts";
import { VerifyError } from "./errors.ts";
import { Handle } from "./handle.ts";
import { Location } from "./location.ts";
import { type PrintOptions, printFlags } from "./print-options.ts";

export abstract class OperationFacts extends Handle {
  private cachedName: string | undefined;

  /** With its dialect: "arith.addi". */
  get name(): string {
    const { ptr } = this;
    this.cachedName ??= this.store.instance.text((exports) => exports.mw_op_name(ptr));
    return this.cachedName;
  }

  get location(): Location {
    return Location.at(this.store, this.ask("mlirOperationGetLocation"));
  }

  set location(location: Location) {
    this.store.same(location.store, "a location");
    this.ask("mw_op_set_location", location.ptr);
  }

  /** Whether its dialect knows it; others are carried along and not verified. */
  get isRegistered(): boolean {
    return this.ask("mw_op_is_registered") !== 0;
  }

  /** All attributes, those that the operation defines and others, by name. */
  get attributes(): ReadonlyMap<string, Attribute> {
    const { ptr } = this;
    const words = this.store.instance.words((exports) => exports.mw_op_attributes(ptr));
    return pairs([...words].map((at) => Attribute.at(this.store, at)));
  }

  attribute(name: string): Attribute | undefined {
    const { ptr } = this;
    const at = this.store.instance.with((exports, put) => exports.mw_op_attribute(ptr, ...put.text(name)));
    return at === 0 ? undefined : Attribute.at(this.store, at);
  }

  /** Sets an attribute; undefined removes it. */
  setAttribute(name: string, value: Attribute | undefined): void {
    if (value !== undefined) this.store.same(value.store, "an attribute");
    const { ptr } = this;
    this.store.instance.with((exports, put) =>
      exports.mw_op_set_attribute(ptr, ...put.text(name), value?.ptr ?? 0),
    );
  }

  // Text and rules.

  print(options: PrintOptions = {}): string {
    const { ptr } = this;
    return this.store.instance.text((exports) =>
      exports.mw_op_print(ptr, printFlags(options), options.elideAbove ?? -1),
    );
  }

  override toString(): string {
    return this.print();
  }

  /** MLIR's binary form; `parse` reads it as well. */
  toBytecode(): Uint8Array {
    const { ptr } = this;
    return this.store.instance.bytes((exports) => exports.mw_op_bytecode(ptr));
  }

  /** Throws VerifyError with everything that breaks a rule. */
  verify(): void {
    this.store.takeDiagnostics();
    const isRight = this.ask("mlirOperationVerify") !== 0;
    const diagnostics = this.store.takeDiagnostics();
    if (!isRight) throw new VerifyError(`${this.name} is not valid`, diagnostics);
  }
}
