/**
 * The input of an application: its shape, checked as Keras checks it, and the padding in front of convolutions with stride 2.
 */
import { ModelError } from "../../../ir/errors.ts";
import type { Tensor } from "../../tensor.ts";
import { session } from "../session.ts";
import { type KerasShape, printKerasShape, toKerasShape } from "../shapes.ts";

/** The axis of the channels, batch included: what BatchNormalization and Concatenate take. */
export const channelAxis = (): number => (session.dataFormat === "channels_last" ? 3 : 1);

/** Rows and columns of a shape without batch. */
export const imageSize = (shape: KerasShape): KerasShape =>
  session.dataFormat === "channels_last" ? shape.slice(0, 2) : shape.slice(1, 3);

/** The number of channels of a tensor of images. */
export function channelsOf(x: Tensor): number {
  const channels = x.shape[channelAxis()];
  if (typeof channels === "number") return channels;
  throw new ModelError("the number of channels must be known", { got: x.toString() });
}

export interface InputShapeRules {
  readonly defaultSize: number;
  readonly minSize: number;
  /** The top needs a known size. */
  readonly includeTop: boolean;
  /** Whether pretrained weights are to be loaded: they need three channels. */
  readonly pretrained: boolean;
}

/** The shape of one image. Throws ModelError for shapes that the architecture does not take. */
export function obtainInputShape(given: KerasShape | null, rules: InputShapeRules): KerasShape {
  const format = session.dataFormat;
  const image = (size: number | null, channels: number | null): KerasShape =>
    format === "channels_last" ? [size, size, channels] : [channels, size, size];
  if (given === null) return rules.includeTop ? image(rules.defaultSize, 3) : image(null, 3);
  checkInputShape(given, rules);
  const standard = printKerasShape(image(rules.defaultSize, 3));
  if (rules.pretrained && rules.includeTop && printKerasShape(given) !== standard) {
    throw new ModelError(
      "when setting includeTop: true and loading imagenet weights, inputShape must be the default",
      {
        expected: standard,
        got: `Received: inputShape=${printKerasShape(given)}`,
      },
    );
  }
  return given;
}

function checkInputShape(given: KerasShape, { minSize, includeTop, pretrained }: InputShapeRules): void {
  const got = `Received: inputShape=${printKerasShape(given)}`;
  if (given.length !== 3) throw new ModelError("inputShape must be a tuple of three integers", { got });
  const channels = given[session.dataFormat === "channels_last" ? 2 : 0];
  if (pretrained && channels !== 3) throw new ModelError("the input must have 3 channels", { got });
  const size = imageSize(given);
  if (size.some((dim) => dim !== null && dim < minSize))
    throw new ModelError(`input size must be at least ${minSize}x${minSize}`, { got });
  if (includeTop && given.includes(null)) {
    throw new ModelError("with includeTop: true the whole inputShape must be known", {
      got,
      hint: "Give all sizes, or includeTop: false",
    });
  }
}

/** Zeros around an image so that a valid convolution of stride 2 sees what Keras's does: one row less in front where the size is even. */
export function correctPad(x: Tensor, kernelSize: number): [[number, number], [number, number]] {
  const half = Math.floor(kernelSize / 2);
  const [rows, columns] = imageSize(toKerasShape(x.shape).slice(1));
  const sides = (size: number | null): [number, number] => [half - (1 - ((size ?? 0) % 2)), half];
  return [sides(rows), sides(rows === null ? null : columns)];
}
