/**
 * What operations on images share: one image [h, w, c] or a batch [n, h, w, c], channels last or first. They compute on batches with the
 * channels last.
 */
import { ModelError } from "../../../../ir/errors.ts";
import { setShape, type Tensor } from "../../../tensor.ts";
import { session } from "../../session.ts";
import type { DataFormat } from "../conv.ts";
import { permute } from "../movement.ts";

export interface FormatOption {
  /** Default: `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}

export const formatOf = (format: DataFormat | null | undefined): DataFormat => format ?? session.dataFormat;

/** The axis of the channels, from the end. */
export const channelAxis = (x: Tensor, format: DataFormat | null | undefined): number =>
  formatOf(format) === "channels_last" ? x.rank - 1 : x.rank - 3;

/** Throws ModelError unless the rank is that of an image or a batch of them. */
export function requireImages(x: Tensor): void {
  if (x.rank === 3 || x.rank === 4) return;
  throw new ModelError(
    "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images). " +
      `Received input with shape: images.shape=${x}`,
  );
}

/** Applies `body`, which takes and returns [n, h, w, c], to images of either rank and format. */
export function onBatch(
  x: Tensor,
  dataFormat: DataFormat | null | undefined,
  body: (images: Tensor) => Tensor,
): Tensor {
  requireImages(x);
  const last = formatOf(dataFormat) === "channels_last";
  const batch = x.rank === 4 ? x : setShape(x, [1, ...x.shape]);
  const result = body(last ? batch : permute(batch, [0, 2, 3, 1]));
  const back = last ? result : permute(result, [0, 3, 1, 2]);
  return x.rank === 4 ? back : setShape(back, back.shape.slice(1));
}
