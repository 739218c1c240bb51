/**
 * Names of Keras that are left out for good, by pattern, each with its reason.
 */
export const unsupportedNames: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^keras\.distribution\./, "One process on one device; artifacts are spread by whoever runs them."],
  [/^keras\.(quantizers\.|dtype_policies\.(AWQ|GPTQ|Int4|Quantized)|Quantizer$)/, "Quantization is not part of the compiler yet."],
  [/^keras\.(wrappers\.|layers\.(TFSMLayer|TorchModuleWrapper|FlaxLayer|JaxLayer)$)/, "It wraps a Python framework."],
  [/^keras\.visualization\.|^keras\.utils\.FeatureSpace$/, "It draws with, or works on data of, Python libraries."],
  [/^keras\.(utils|preprocessing)\.(audio|image|text)_dataset_from_directory$/, "It reads folders of media with TensorFlow; give fit any iterable instead."],
  [/^keras\.(utils|preprocessing\.image)\.(load_img|save_img)$/, "Image files are decoded by the platform: createImageBitmap, or a library."],
  [/^keras\.layers\.(TextVectorization|StringLookup)$/, "There are no tensors of texts."],
  [/^keras\.export\.ExportArchive$/, "`keratin compile` writes programs that need no framework instead."],
  [/^keras\.callbacks\.(OrbaxCheckpoint|RemoteMonitor)$/, "It is tied to a Python library or server."],
  [/^keras\.(device|StatelessScope|SymbolicScope|name_scope|remat|RematScope)$/, "A context of Python's with statement; the compiler decides this."],
  [/^keras\.config\.(is_nnx_enabled|.*flash_attention.*|.*traceback_filtering.*)$/, "It sets a Python backend; attention is fused by the compiler."],
  [/^keras\.config\.enable_unsafe_deserialization$/, "Code in files is never run."],
  [/^keras\.optimizers\.legacy\./, "In Keras 3 these only say that they are gone."],
  [/^keras\.datasets\.(cifar10|cifar100|imdb|reuters)\./, "The published files hold Python pickles, which are never run."],
  [/^keras\.tree\.(lists_to_tuples|MAP_TO_NONE)$/, "There are no tuples."],
  [/^keras\.applications\.(\w+\.)?(ConvNeXt|DenseNet(169|201)|EfficientNet(B[1-7]|V2)|Inception|MobileNet$|MobileNetV3|NASNet|ResNet(101|152|50V2)|VGG19)/, "Six applications are built; others load from files that Keras writes."],
  [/^keras\.applications\.(convnext|efficientnet_v2|inception_resnet_v2|inception_v3|mobilenet|mobilenet_v3|nasnet|resnet_v2|vgg19)\./, "Six applications are built; others load from files that Keras writes."],
]; // biome-ignore format: one reason a line
