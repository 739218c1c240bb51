/**
 * 16-bit floating point numbers as numbers and as bits: IEEE 754 binary16 (f16), and bfloat16, the upper half of a float32. Rounding is to
 * nearest, ties to even.
 */
const floatBits = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0];

/** bfloat16 is the upper half of a float32. */
export const bfloatToNumber = (bits: number): number =>
  new Float32Array(new Uint32Array([bits << 16]).buffer)[0];

/** Rounds to nearest, ties to even. */
export function numberToBfloat(value: number): number {
  const bits = floatBits(value);
  if (Number.isNaN(value)) return 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** IEEE 754 binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Rounds to nearest, ties to even; overflow gives infinity. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const scaled = roundEven(magnitude * 2 ** (10 - exponent));
  return sign | (((exponent + 15) << 10) + scaled - 1024);
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}
