/**
 * The base of layers around another layer.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { serializeObject } from "../../config.ts";
import type { Json, JsonObject } from "../../options.ts";
import type { ShapeNest } from "../../shapes.ts";
import { ConfiguredLayer } from "../configured-layer.ts";
import { Layer } from "../layer.ts";

/** What makes the layers inside of a configuration. */
export interface LayerReader {
  layer(config: Json | undefined): Layer<unknown>;
}

/** A layer around `layer`: builds it, lists its weights, saves it. Subclasses say what the call does. */
export abstract class Wrapper<O extends object = object, Out = unknown> extends ConfiguredLayer<O, Out> {
  readonly layer: Layer<unknown>;

  constructor(layer: unknown, args: readonly unknown[], defaults: O) {
    super(args, defaults);
    if (!(layer instanceof Layer))
      throw new ModelError(`Layer ${String(layer)} supplied to Wrapper is no layer`, { where: this.where });
    this.layer = layer;
  }

  static override fromConfig<T>(
    this: new (
      layer: never,
      config: JsonObject,
    ) => T,
    { layer, ...config }: JsonObject,
    reader?: object,
  ): T {
    return new this((reader as LayerReader).layer(layer) as never, config);
  }

  override build(inputShape: ShapeNest): void {
    if (!this.layer.built) this.layer.build(inputShape);
  }

  override getConfig(): JsonObject {
    return { ...super.getConfig(), layer: serializeObject(this.layer) };
  }
}
