/**
 * Objects that are called like functions, and classes that are called without `new`: what makes `layers.Dense(10)(x)` read as in Keras.
 *
 * The constructor of `Callable` returns a function whose prototype is the class, so that methods, fields and `instanceof` work as on any
 * object; calling it calls `invoke`.
 */
export interface Callable<A extends readonly unknown[], R> {
  // biome-ignore lint/style/useShorthandFunctionType: a type alias does not merge with the class below
  (...args: A): R;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor returns something that can be called
export abstract class Callable<A extends readonly unknown[], R> {
  constructor() {
    const self: Callable<A, R> = Object.setPrototypeOf(
      (...args: readonly unknown[]) => self.invoke(args),
      new.target.prototype,
    );
    // A function has a name and a length of its own, which layers use otherwise.
    Reflect.deleteProperty(self, "length");
    Reflect.deleteProperty(self, "name");
    // biome-ignore lint/correctness/noConstructorReturn: the function is the object
    return self;
  }

  /** What a call of the object does. */
  abstract invoke(args: readonly unknown[]): R;
}

type Constructor = abstract new (...args: never[]) => object;

/** A class that may be called without `new`. */
export type Factory<C extends Constructor> = C & ((...args: ConstructorParameters<C>) => InstanceType<C>);

/** Lets `Class(...)` mean `new Class(...)`. Subclassing and statics are those of the class. */
export function factory<C extends Constructor>(target: C): Factory<C> {
  return new Proxy(target, {
    apply: (cls, _self, args: readonly unknown[]) => Reflect.construct(cls, args),
  }) as Factory<C>;
}

/** A class with further static members, which its subclasses do not inherit. */
export function withStatics<C extends object, S extends { readonly [name: string]: unknown }>(
  target: C,
  statics: S,
): C & S {
  const proxy: object = new Proxy(target, {
    get(cls, key, receiver): unknown {
      const own = receiver === proxy && typeof key === "string" && Object.hasOwn(statics, key);
      return own ? statics[key] : Reflect.get(cls, key, receiver);
    },
  });
  return proxy as C & S;
}
