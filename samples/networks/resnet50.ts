// ResNet50 with random weights: `keratin compile samples/networks/resnet50.ts`. For published weights return
// `await keras.applications.ResNet50()` instead, a promise.
import { keras } from "keratin";

export const model = () => keras.applications.ResNet50({ weights: null });
