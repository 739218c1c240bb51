/**
 * `keras.ops.image`: the public list.
 */
// biome-ignore-all format: one paragraph per file
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from "./color.ts";
export { mapCoordinates } from "./coordinates.ts";
export { elasticTransform } from "./elastic.ts";
export { gaussianBlur, sobelEdges, ssim } from "./filters.ts";
export { cropImages, padImages } from "./frame.ts";
export { extractPatches, extractPatches3d } from "./patches.ts";
export { resize, scaleAndTranslate } from "./resample.ts";
export { affineTransform, perspectiveTransform } from "./transforms.ts";
