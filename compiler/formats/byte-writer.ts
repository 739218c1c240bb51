/**
 * A growing little-endian byte buffer: what the writers of zip, HDF5, npy and safetensors append to.
 */
const encoder = new TextEncoder();

export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  /** @param capacity bytes to begin with; large files take no second buffer when it is right. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far: the address of the next one. */
  get length(): number {
    return this.#length;
  }

  /** Makes room; returns where. May replace the buffer, so call it before touching `#bytes` or `#view`. */
  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** An unsigned 64-bit number; `undefined` writes all ones, HDF5's "no address". */
  u64(value: number | undefined): this {
    const exact = value === undefined ? 0xffff_ffff_ffff_ffffn : BigInt(value);
    const at = this.#grow(8);
    this.#view.setBigUint64(at, exact, true);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  text(text: string): this {
    return this.raw(encoder.encode(text));
  }

  /** Appends `value` until the length is a multiple of `alignment`. */
  align(alignment: number, value = 0): this {
    while (this.#length % alignment !== 0) this.u8(value);
    return this;
  }

  /** Replaces bytes written before. */
  patch(at: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, at);
  }

  /** The bytes from `start` to here, shared with the buffer until it grows. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#length);
  }

  /** Everything written; nothing may be written after it. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length);
  }
}
