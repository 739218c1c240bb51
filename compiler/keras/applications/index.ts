/**
 * `keras.applications`: known networks, built layer for layer as Keras builds them, so that Keras's weight files fit.
 */
import { DenseNet121, densenet } from "./densenet.ts";
import { EfficientNetB0, efficientnet } from "./efficientnet.ts";
import { decodePredictions, preprocessInput } from "./imagenet.ts";
import { MobileNetV2, mobilenetV2 } from "./mobilenet-v2.ts";
import { ResNet50, resnet50 } from "./resnet.ts";
import { VGG16, vgg16 } from "./vgg16.ts";
import { Xception, xception } from "./xception.ts";

export const applications = {
  MobileNetV2,
  ResNet50,
  VGG16,
  DenseNet121,
  EfficientNetB0,
  Xception,
  mobilenetV2,
  resnet: resnet50,
  resnet50,
  vgg16,
  densenet,
  efficientnet,
  xception,
  imagenetUtils: { preprocessInput, decodePredictions },
};
