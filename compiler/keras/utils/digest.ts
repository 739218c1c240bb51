/**
 * Digests of downloads: SHA-256 from the platform, MD5 here, because Keras publishes its weights under MD5 and Web Crypto has none. MD5 tells a
 * damaged file from a whole one; it does not stop an attacker, and what it lets pass is still parsed as hostile.
 */

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** As 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))));
}

/** RFC 1321, section 3.4: rotations of the four rounds. */
const rotations = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

/** As 32 hexadecimal digits. */
export function md5(bytes: Uint8Array): string {
  const sines = Int32Array.from(
    { length: 64 },
    (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0,
  );
  const state = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476);
  const whole = bytes.length - (bytes.length % 64);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < whole; at += 64) block(state, view, at, sines);
  const tail = padded(bytes.subarray(whole), bytes.length);
  for (let at = 0; at < tail.byteLength; at += 64) block(state, tail, at, sines);
  return hex(new Uint8Array(state.buffer));
}

/** The last bytes, a one bit, zeros, and the length in bits: one or two blocks. */
function padded(rest: Uint8Array, length: number): DataView {
  const tail = new Uint8Array(rest.length < 56 ? 64 : 128);
  tail.set(rest);
  tail[rest.length] = 0x80;
  const view = new DataView(tail.buffer);
  view.setUint32(tail.length - 8, (length * 8) >>> 0, true);
  view.setUint32(tail.length - 4, Math.floor(length / 2 ** 29), true);
  return view;
}

function block(state: Int32Array, view: DataView, at: number, sines: Int32Array): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
    const word = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
    const sum = (a + mixed + sines[i] + view.getInt32(at + 4 * word, true)) | 0;
    const by = rotations[round][i % 4];
    [a, d, c, b] = [d, c, b, (b + ((sum << by) | (sum >>> (32 - by)))) | 0];
  }
  [a, b, c, d].forEach((word, i) => {
    state[i] += word;
  });
}
