/**
 * Hashes of texts, equal to those that Keras takes from TensorFlow: FarmHash's Fingerprint64 (Pike and Alakuijala, 2014), SipHash-2-4 where there is a
 * salt (Aumasson and Bernstein, 2012), and the combination of several hashes to one.
 */
const bits = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotateRight = (value: bigint, by: number): bigint =>
  bits((value >> BigInt(by)) | (value << BigInt(64 - by)));
const rotateLeft = (value: bigint, by: number): bigint => rotateRight(value, 64 - by);
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

type Pair = readonly [bigint, bigint];

/** The bytes of a text, and little-endian words of them. */
class Reader {
  readonly length: number;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.length = bytes.length;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  byte(at: number): bigint {
    return BigInt(this.view.getUint8(at));
  }
  word32(at: number): bigint {
    return BigInt(this.view.getUint32(at, true));
  }
  word64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }
}

function hash16(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(bits((u ^ v) * mul));
  return bits(shiftMix(bits((v ^ a) * mul)) * mul);
}

function upTo16(s: Reader): bigint {
  const { length } = s;
  const size = BigInt(length);
  const mul = bits(K2 + size * 2n);
  if (length >= 8) {
    const [a, b] = [bits(s.word64(0) + K2), s.word64(length - 8)];
    return hash16(bits(rotateRight(b, 37) * mul + a), bits((rotateRight(a, 25) + b) * mul), mul);
  }
  if (length >= 4) return hash16(bits(size + (s.word32(0) << 3n)), s.word32(length - 4), mul);
  if (length === 0) return K2;
  const y = s.byte(0) + (s.byte(length >> 1) << 8n);
  const z = size + (s.byte(length - 1) << 2n);
  return bits(shiftMix(bits(y * K2) ^ bits(z * K0)) * K2);
}

function upTo32(s: Reader): bigint {
  const { length } = s;
  const mul = bits(K2 + BigInt(length) * 2n);
  const [a, b] = [bits(s.word64(0) * K1), s.word64(8)];
  const [c, d] = [bits(s.word64(length - 8) * mul), bits(s.word64(length - 16) * K2)];
  const left = bits(rotateRight(bits(a + b), 43) + rotateRight(c, 30) + d);
  return hash16(left, bits(a + rotateRight(bits(b + K2), 18) + c), mul);
}

function upTo64(s: Reader): bigint {
  const { length } = s;
  const mul = bits(K2 + BigInt(length) * 2n);
  const [a, b] = [bits(s.word64(0) * K2), s.word64(8)];
  const [c, d] = [bits(s.word64(length - 8) * mul), bits(s.word64(length - 16) * K2)];
  const y = bits(rotateRight(bits(a + b), 43) + rotateRight(c, 30) + d);
  const z = hash16(y, bits(a + rotateRight(bits(b + K2), 18) + c), mul);
  const [e, f] = [bits(s.word64(16) * mul), s.word64(24)];
  const [g, h] = [bits((y + s.word64(length - 32)) * mul), bits((z + s.word64(length - 24)) * mul)];
  const left = bits(rotateRight(bits(e + f), 43) + rotateRight(g, 30) + h);
  return hash16(left, bits(e + rotateRight(bits(f + a), 18) + g), mul);
}

/** 32 bytes at `at`, mixed into two words. */
function weakHash(s: Reader, at: number, seedA: bigint, seedB: bigint): Pair {
  const [w, x, y, z] = [0, 8, 16, 24].map((offset) => s.word64(at + offset));
  const a = bits(seedA + w);
  const b = rotateRight(bits(seedB + a + z), 21);
  const sum = bits(a + x + y);
  return [bits(sum + z), bits(b + rotateRight(sum, 44) + a)];
}

interface State {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
  readonly v: Pair;
  readonly w: Pair;
}

/** Mixes 64 bytes in; `weight` is 1 but for the last block, where it is 9. */
function mixBlock(s: Reader, at: number, { x, y, z, v, w }: State, mul: bigint, weight: bigint): State {
  const x1 = bits(rotateRight(bits(x + y + v[0] + s.word64(at + 8)), 37) * mul) ^ bits(w[1] * weight);
  const y0 = bits(rotateRight(bits(y + v[1] + s.word64(at + 48)), 42) * mul);
  const y1 = bits(y0 + v[0] * weight + s.word64(at + 40));
  const z1 = bits(rotateRight(bits(z + w[0]), 33) * mul);
  const v1 = weakHash(s, at, bits(v[1] * mul), bits(x1 + w[0]));
  const w1 = weakHash(s, at + 32, bits(z1 + w[1]), bits(y1 + s.word64(at + 16)));
  return { x: z1, y: y1, z: x1, v: v1, w: w1 };
}

function longHash(s: Reader): bigint {
  const seed = 81n;
  const y = bits(seed * K1 + 113n);
  const z = bits(shiftMix(bits(y * K2 + 113n)) * K2);
  let state: State = { x: bits(seed * K2 + s.word64(0)), y, z, v: [0n, 0n], w: [0n, 0n] };
  const end = Math.floor((s.length - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) state = mixBlock(s, at, state, K1, 1n);
  const mul = bits(K1 + ((state.z & 0xffn) << 1n));
  const rest = (s.length - 1) & 63;
  const w0 = bits(state.w[0] + BigInt(rest));
  const v0 = bits(state.v[0] + w0);
  const begun: State = { ...state, v: [v0, state.v[1]], w: [bits(w0 + v0), state.w[1]] };
  const last = mixBlock(s, end + rest - 63, begun, mul, 9n);
  const left = bits(hash16(last.v[0], last.w[0], mul) + shiftMix(last.y) * K0 + last.z);
  return hash16(left, bits(hash16(last.v[1], last.w[1], mul) + last.x), mul);
}

/** FarmHash's Fingerprint64 of a text in UTF-8. */
export function fingerprint(text: string): bigint {
  const reader = new Reader(new TextEncoder().encode(text));
  if (reader.length <= 16) return upTo16(reader);
  if (reader.length <= 32) return upTo32(reader);
  return reader.length <= 64 ? upTo64(reader) : longHash(reader);
}

/** SipHash-2-4 of a text in UTF-8 under a key of two words. */
export function sipHash(text: string, key: Pair): bigint {
  const bytes = new TextEncoder().encode(text);
  const blocks = Math.floor(bytes.length / 8);
  const padded = new Uint8Array((blocks + 1) * 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  const words = new DataView(padded.buffer);
  let v = [
    key[0] ^ 0x736f6d6570736575n,
    key[1] ^ 0x646f72616e646f6dn,
    key[0] ^ 0x6c7967656e657261n,
    key[1] ^ 0x7465646279746573n,
  ];
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) v = sipRound(v);
  };
  for (let i = 0; i <= blocks; i++) {
    const word = words.getBigUint64(i * 8, true);
    v[3] ^= word;
    rounds(2);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  rounds(4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

function sipRound([v0, v1, v2, v3]: readonly bigint[]): bigint[] {
  const a0 = bits(v0 + v1);
  const a1 = rotateLeft(v1, 13) ^ a0;
  const a2 = bits(v2 + v3);
  const a3 = rotateLeft(v3, 16) ^ a2;
  const b0 = bits(rotateLeft(a0, 32) + a3);
  const b2 = bits(a2 + a1);
  return [b0, rotateLeft(a1, 17) ^ b2, rotateLeft(b2, 32), rotateLeft(a3, 21) ^ b0];
}

/** The bucket of a text: by its fingerprint, or with a salt (one number, or two) by the keyed hash. */
export function hashBucket(
  text: string,
  buckets: number,
  salt: number | readonly number[] | null = null,
): number {
  const [low, high = low] = salt === null ? [] : [salt].flat();
  const hash = low === undefined ? fingerprint(text) : sipHash(text, [BigInt(low), BigInt(high)]);
  return Number(hash % BigInt(buckets));
}

const COMBINE = 0xc6a4a7935bd1e995n;

/** Several hashes in one, from left to right. */
export function combineHashes(hashes: readonly bigint[]): bigint {
  return hashes.reduce((combined, hash) => {
    const mixed = combined ^ COMBINE ^ bits(shiftMix(bits(bits(hash) * COMBINE)) * COMBINE);
    return shiftMix(bits(shiftMix(bits(mixed * COMBINE)) * COMBINE));
  }, 0xdecafcaffen);
}
