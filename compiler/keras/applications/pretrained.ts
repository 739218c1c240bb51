/**
 * The weights that Keras publishes, trained on ImageNet: their addresses and MD5 sums.
 */
import { fetchFile } from "../utils/get-file.ts";

export interface WeightsFiles {
  /** The folder they lie in. */
  readonly base: string;
  /** Names of the files with and without classifier. */
  readonly names: readonly [whole: string, headless: string];
  /** MD5 sums of both, where Keras publishes them. */
  readonly checksums?: readonly [whole: string, headless: string];
}

/** Most applications keep their files in a folder of this. */
export const applicationsFolder = "https://storage.googleapis.com/tensorflow/keras-applications";

/** The usual names: `kernels("vgg16")` gives "vgg16_weights_tf_dim_ordering_tf_kernels.h5" and the same with "_notop". */
export const kernels = (name: string): [string, string] => [
  `${name}_weights_tf_dim_ordering_tf_kernels.h5`,
  `${name}_weights_tf_dim_ordering_tf_kernels_notop.h5`,
];

/** The bytes of the published file, from the cache or downloaded. Rejects with ModelError where it cannot be had. */
export function pretrainedFile(files: WeightsFiles, includeTop: boolean): Promise<Uint8Array> {
  const which = includeTop ? 0 : 1;
  const name = files.names[which];
  return fetchFile({
    title: name,
    name,
    folder: "models",
    origin: `${files.base}/${name}`,
    checksum: files.checksums?.[which],
    timeout: 600_000,
  });
}
