/**
 * `keras.random`: the public list.
 */
export { SeedGenerator } from "../random.ts";
export { categorical, normal, randint, truncatedNormal, uniform } from "./distributions.ts";
export { beta, binomial, gamma } from "./gamma.ts";
export { dropout, shuffle } from "./masks.ts";
