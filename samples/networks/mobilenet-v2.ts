// MobileNetV2 with random weights: `keratin compile samples/networks/mobilenet-v2.ts`. For published weights return
// `await keras.applications.MobileNetV2()` instead, a promise.
import { keras } from "keratin";

export const model = () => keras.applications.MobileNetV2({ weights: null });
