/**
 * What the handles share that can die.
 */
import { DeadHandleError } from "./errors.ts";
import type { Exports, Ptr } from "./exports.ts";
import type { Node, Root, Store } from "./store.ts";

/** The exports that take an address first. */
type Asked = Exclude<keyof Exports, "memory" | "_initialize">;
type Rest<K extends Asked> = Parameters<Exports[K]> extends [Ptr, ...infer R extends number[]] ? R : never;

export abstract class Handle implements Node {
  readonly store: Store;
  protected readonly at: Ptr;
  root: Root;
  private dead = false;

  constructor(store: Store, at: Ptr, root: Root) {
    this.store = store;
    this.at = at;
    this.root = root;
  }

  get isAlive(): boolean {
    return !this.dead && this.store.isAlive;
  }

  kill(): void {
    this.dead = true;
  }

  /** The address; throws DeadHandleError where what it stood for is gone. */
  get ptr(): Ptr {
    this.store.assertAlive();
    if (!this.dead) return this.at;
    const what = this.constructor.name.toLowerCase();
    throw new DeadHandleError(`this ${what} is gone: it was erased, or rewritten by a pass`);
  }

  /** Calls an export on this address. */
  protected ask<K extends Asked>(name: K, ...rest: Rest<K>): number {
    const at = this.ptr;
    return this.store.instance.call((exports) => {
      const asked: (...args: number[]) => unknown = exports[name];
      return Number(asked(at, ...rest));
    });
  }
}
