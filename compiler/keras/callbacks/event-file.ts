/**
 * Event files of TensorBoard: records of protocol buffers (tensorflow/core/util/event.proto), each with its length and checksums
 * (tensorflow/core/lib/io/record_writer). Only what summaries need is here.
 */
import { appendFile } from "../saving/files.ts";

/** A field of a message: its number, and a number, text, bytes or message. */
type Field = readonly [
  number: number,
  wire: "varint" | "double" | "bytes",
  value: number | string | Uint8Array,
];

/** What a summary shows: the plugin that shows it, and the tensor it gets. */
export interface Summary {
  readonly tag: string;
  readonly plugin: string;
  /** For the plugin. */
  readonly content?: Uint8Array;
  readonly tensor: Uint8Array;
  /** TensorBoard's kind of data: 1 scalars, 2 tensors, 3 blobs. */
  readonly dataClass: 1 | 2 | 3;
}

const utf8 = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function message(fields: readonly Field[]): Uint8Array {
  const parts = fields.map(([number, wire, value]): Uint8Array => {
    if (wire === "varint") return Uint8Array.from([...varint(number << 3), ...varint(Number(value))]);
    if (wire === "double") {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, Number(value), true);
      return join([Uint8Array.from(varint((number << 3) | 1)), bytes]);
    }
    const bytes = typeof value === "string" ? utf8.encode(value) : (value as Uint8Array);
    return join([Uint8Array.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
  });
  return join(parts);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** TensorProto.tensor_shape. */
const shapeField = (shape: readonly number[]): Field => [
  2,
  "bytes",
  message(shape.map((size) => [2, "bytes", message([[1, "varint", size]])])),
];

/** DataType of types.proto. */
const types = { float: 1, double: 2, string: 7 } as const;

/** A tensor of f32, of f64 or of byte strings, as TensorProto. */
export function tensorProto(
  shape: readonly number[],
  data: Float32Array | Float64Array | readonly (string | Uint8Array)[],
): Uint8Array {
  if (data instanceof Float32Array || data instanceof Float64Array) {
    const type = data instanceof Float32Array ? types.float : types.double;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return message([[1, "varint", type], shapeField(shape), [4, "bytes", bytes]]);
  }
  return message([
    [1, "varint", types.string],
    shapeField(shape),
    ...data.map((value): Field => [8, "bytes", value]),
  ]);
}

function summaryProto({ tag, plugin, content, tensor, dataClass }: Summary): Uint8Array {
  const data = message([
    [1, "bytes", plugin],
    ...(content === undefined ? [] : [[2, "bytes", content] as Field]),
  ]);
  const metadata = message([
    [1, "bytes", data],
    [4, "varint", dataClass],
  ]);
  const value = message([
    [1, "bytes", tag],
    [8, "bytes", tensor],
    [9, "bytes", metadata],
  ]);
  return message([[1, "bytes", value]]);
}

/** CRC-32C (Castagnoli), byte by byte over a table made once per file. */
function checksumTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value >>> 0;
  });
}

/** Writes summaries into one file. */
export class EventFile {
  private readonly path: string;
  private readonly table = checksumTable();
  private readonly now: () => number;
  private isOpen = false;

  /** `now` gives the time in seconds. */
  constructor(path: string, now: () => number = () => Date.now() / 1000) {
    this.path = path;
    this.now = now;
  }

  /** Appends summaries of step number `step`. */
  async write(step: number, summaries: readonly Summary[]): Promise<void> {
    const events = summaries.map((summary) =>
      this.event([
        [2, "varint", step],
        [5, "bytes", summaryProto(summary)],
      ]),
    );
    const opening = this.isOpen ? [] : [this.event([[3, "bytes", "brain.Event:2"]])];
    this.isOpen = true;
    await appendFile(this.path, join([...opening, ...events]));
  }

  private event(fields: readonly Field[]): Uint8Array {
    const data = message([[1, "double", this.now()], ...fields]);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(data.length), true);
    return join([length, this.checksum(length), data, this.checksum(data)]);
  }

  /** The checksum, rotated and moved as the format wants it. */
  private checksum(bytes: Uint8Array): Uint8Array {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = this.table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    crc = ~crc >>> 0;
    const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    const result = new Uint8Array(4);
    new DataView(result.buffer).setUint32(0, masked, true);
    return result;
  }
}
