/**
 * Object headers: the list of messages that describes a group or dataset, in both versions of the format.
 *
 * Version 1 is what h5py writes unless told otherwise; version 2 has a checksum, which is verified. Headers continue in
 * other blocks; each block is read once, so a chain that comes back to itself ends.
 */
import { lookup3 } from "../checksum.ts";
import type { Hdf5Bytes } from "./file.ts";
import { messageType } from "./model.ts";

export interface Message {
  readonly type: number;
  readonly at: number;
  readonly length: number;
}

interface Block {
  readonly at: number;
  readonly length: number;
}

/** The messages of the object whose header is at `address`. Throws ModelError. */
export function readMessages(file: Hdf5Bytes, address: number): Message[] {
  return file.hasTag(address, "OHDR") ? readVersion2(file, address) : readVersion1(file, address);
}

/** Reads the first block and those it continues in; `messagesOf` splits one block. */
function readBlocks(file: Hdf5Bytes, first: Block, messagesOf: (block: Block) => Message[]): Message[] {
  const messages: Message[] = [];
  const blocks = [first];
  const seen = new Set([first.at]);
  for (let i = 0; i < blocks.length; i++) {
    file.charge(blocks[i].at, blocks[i].length, "object header");
    for (const message of messagesOf(blocks[i])) {
      if (message.type !== messageType.continuation) {
        messages.push(message);
        continue;
      }
      const at = file.u64(message.at, "continuation address");
      if (seen.has(at)) throw file.error(message.at, "an object header continues in itself");
      seen.add(at);
      blocks.push({ at, length: file.u64(message.at + 8, "continuation length") });
    }
  }
  return messages;
}

function checkMessage(file: Hdf5Bytes, message: Message, flags: number, end: number): Message {
  if (message.length > end - message.at) {
    const expected = `at most ${end - message.at} bytes`;
    throw file.error(message.at, "message larger than its header", expected, `${message.length}`);
  }
  // Bit 1: the message lies elsewhere (a committed datatype); its bytes here are a reference. Keras writes none.
  if (flags & 2) throw file.error(message.at, "shared messages are not read", "plain ones");
  return message;
}

function readVersion1(file: Hdf5Bytes, address: number): Message[] {
  const version = file.u8(address, "object header");
  if (version !== 1) throw file.error(address, "not an object header", "version 1 or 2", `${version}`);
  const count = file.u16(address + 2, "number of messages");
  let left = count;
  const first = { at: address + 16, length: file.u32(address + 8, "object header size") };
  const messages = readBlocks(file, first, ({ at, length }) => {
    const found: Message[] = [];
    for (let next = at; left > 0 && next + 8 <= at + length; left--) {
      const message = {
        type: file.u16(next, "message"),
        at: next + 8,
        length: file.u16(next + 2, "message"),
      };
      found.push(checkMessage(file, message, file.u8(next + 4, "message flags"), at + length));
      next += 8 + message.length;
    }
    return found;
  });
  if (left > 0)
    throw file.error(address, "object header is incomplete", `${count} messages`, `${count - left}`);
  return messages;
}

function readVersion2(file: Hdf5Bytes, address: number): Message[] {
  const flags = file.u8(address + 5, "object header flags");
  const version = file.u8(address + 4, "object header version");
  if (version !== 2 || flags & 0xc0)
    throw file.error(address, "unknown object header", "version 2", `${version}`);
  const sizeAt = address + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const sizeWidth = 1 << (flags & 3);
  const size = [file.u8, file.u16, file.u32, file.u64][flags & 3].call(file, sizeAt, "object header size");
  const orderWidth = flags & 4 ? 2 : 0;
  const firstAt = sizeAt + sizeWidth;
  verify(file, address, firstAt - address, size);
  return readBlocks(file, { at: firstAt, length: size }, (block) => {
    let { at, length } = block;
    if (at !== firstAt) {
      // Later blocks carry their own tag and checksum, counted in their length.
      file.expectTag(at, "OCHK");
      if (length < 8) throw file.error(at, "object header block too short", "8 bytes or more", `${length}`);
      verify(file, at, 4, length - 8);
      at += 4;
      length -= 8;
    }
    const found: Message[] = [];
    for (let next = at; next + 4 + orderWidth <= at + length; ) {
      const start = next + 4 + orderWidth;
      const message = { type: file.u8(next, "message"), at: start, length: file.u16(next + 1, "message") };
      found.push(checkMessage(file, message, file.u8(next + 3, "message flags"), at + length));
      next = start + message.length;
    }
    return found;
  });
}

/** Checks the checksum behind `prefix + length` bytes at `at`. */
function verify(file: Hdf5Bytes, at: number, prefix: number, length: number): void {
  file.charge(at, prefix + length, "object header");
  const computed = lookup3(file.slice(at, prefix + length, "object header"));
  const stored = file.u32(at + prefix + length, "checksum");
  if (computed === stored) return;
  const hint = "The file is damaged: download or save it again";
  throw file.error(at, "checksum of an object header is wrong", `${stored}`, `${computed}`, hint);
}
