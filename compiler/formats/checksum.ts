/**
 * The checksums of the file formats: CRC-32 (zip), Adler-32 (zlib streams), Jenkins' lookup3 (HDF5 metadata) and
 * Fletcher-32 (HDF5 chunks). They find damage, not malice: the readers stay safe where a checksum is forged.
 */

/** One step of CRC-32 per byte value: eight shifts of the reflected polynomial 0xedb88320. */
function crcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    table[byte] = crc;
  }
  return table;
}

const crcOfByte = crcTable();

/** CRC-32 as in zip, an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcOfByte[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Adler-32 as in RFC 1950. */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let start = 0; start < bytes.length; ) {
    // 5552 is the most steps for which b stays below 2^32.
    const end = Math.min(start + 5552, bytes.length);
    for (; start < end; start++) b += a += bytes[start];
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

/** HDF5's Fletcher-32 (H5_checksum_fletcher32): big-endian 16-bit words, the sums folded every 360. */
export function fletcher32(bytes: Uint8Array): number {
  let sum1 = 0;
  let sum2 = 0;
  const fold = (sum: number) => (sum & 0xffff) + (sum >>> 16);
  for (let at = 0, words = 0; at < bytes.length; at += 2) {
    sum1 += (bytes[at] << 8) | (at + 1 < bytes.length ? bytes[at + 1] : 0);
    sum2 += sum1;
    if (++words % 360 !== 0 && at + 2 < bytes.length) continue;
    sum1 = fold(sum1);
    sum2 = fold(sum2);
  }
  return ((fold(sum2) << 16) | fold(sum1)) >>> 0;
}

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** Bob Jenkins' lookup3 `hashlittle` with seed 0, the checksum of HDF5's newer metadata (H5_checksum_lookup3). */
export function lookup3(bytes: Uint8Array): number {
  let a = 0xdeadbeef + bytes.length;
  let b = a;
  let c = a;
  const word = (at: number) =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  let at = 0;
  for (; bytes.length - at > 12; at += 12) {
    a = (a + word(at)) | 0;
    b = (b + word(at + 4)) | 0;
    c = (c + word(at + 8)) | 0;
    a = (a - c) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = (a - c) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = (b - a) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = (c - b) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  if (at === bytes.length) return c >>> 0;
  a = (a + word(at)) | 0;
  b = (b + word(at + 4)) | 0;
  c = (c + word(at + 8)) | 0;
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c >>> 0;
}
