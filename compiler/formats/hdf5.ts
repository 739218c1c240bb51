/**
 * HDF5 files (`model.weights.h5`, legacy `.h5`) into a flat view: groups, datasets and attributes by path.
 *
 * This is a reader in TypeScript, not the HDF5 library compiled to wasm (npm h5wasm, 4.1 MB). That one was tried: with
 * single bits flipped in the first 4 kB of a 13 kB file it grew its memory to 1.08 GB, looped for over 50 s, and hit
 * traps that leave the shared instance damaged for the next file; wasm gives no deadline to a call, and the library
 * no cap. Here every offset is checked, work and memory are budgeted (`hdf5/file.ts`), and only what Keras and h5py
 * write is understood: a closed list. h5wasm and h5py check it from outside, in the tests.
 *
 * Refused by name: soft and external links, external files, virtual datasets, shared messages, dense storage, unknown
 * filters, big-endian and composite types, groups reached twice, more declared than stored.
 */
import { lookup3 } from "./checksum.ts";
import { AttributeReader } from "./hdf5/attributes.ts";
import { isDataset, readArray } from "./hdf5/dataset.ts";
import { Hdf5Bytes, type Hdf5Options } from "./hdf5/file.ts";
import { readLinks } from "./hdf5/groups.ts";
import { type Message, readMessages } from "./hdf5/header.ts";
import type { Hdf5Attributes, Hdf5Dataset, Hdf5File } from "./hdf5/model.ts";

/** Deeper than any model nests: a layer inside a layer takes two levels. */
const maxDepth = 100;

/** Whether bytes begin as an HDF5 file does. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  new TextDecoder("latin1").decode(bytes.subarray(0, 8)) === signature;

const signature = "\x89HDF\r\n\x1a\n";

/** Reads a whole HDF5 file. Throws ModelError. */
export function readHdf5(bytes: Uint8Array, options: Hdf5Options = {}): Hdf5File {
  const file = new Hdf5Bytes(bytes, options);
  const walk = new Walk(file);
  walk.object("", readSuperblock(file), 0);
  return walk;
}

/** Checks the superblock; returns the address of the root group's header. */
function readSuperblock(file: Hdf5Bytes): number {
  if (!file.hasTag(0, signature)) {
    const hint = file.hasTag(0, "PK")
      ? "This is a zip archive, such as a .keras file"
      : "Is this a weights file?";
    throw file.error(0, "not an HDF5 file", "its signature", "something else", hint);
  }
  const version = file.u8(8, "superblock version");
  if (version > 3) throw file.error(8, "unknown superblock", "version 0 to 3", `${version}`);
  const old = version < 2;
  const [offsets, lengths] = [file.u8(old ? 13 : 9, "offset size"), file.u8(old ? 14 : 10, "length size")];
  if (offsets !== 8 || lengths !== 8) {
    throw file.error(
      8,
      "offsets and lengths of this size are not read",
      "8 bytes",
      `${offsets} and ${lengths}`,
    );
  }
  // Version 1 has four bytes more before the addresses.
  const addresses = old ? (version === 0 ? 24 : 28) : 12;
  const base = file.u64(addresses, "base address");
  const end = file.u64(addresses + 16, "end of file");
  if (base !== 0)
    throw file.error(addresses, "a user block before the data is not read", "base 0", `${base}`);
  if (end > file.length) {
    throw file.error(
      file.length,
      "the file is cut short",
      `${end} bytes`,
      `${file.length}`,
      "Download it again",
    );
  }
  if (!old && lookup3(file.slice(0, 44, "superblock")) !== file.u32(44, "checksum")) {
    throw file.error(44, "checksum of the superblock is wrong", "a whole file", "a damaged one");
  }
  return file.u64(old ? addresses + 40 : 36, "root group address");
}

/** The walk over all objects, and the view that it fills. */
class Walk implements Hdf5File {
  readonly groups = new Map<string, Hdf5Attributes>();
  readonly datasets = new Map<string, Hdf5Dataset>();
  readonly #file: Hdf5Bytes;
  readonly #attributes: AttributeReader;
  readonly #seenGroups = new Set<number>();
  /** Datasets may be linked twice: they are read once and shared. */
  readonly #seenDatasets = new Map<number, Hdf5Dataset>();

  constructor(file: Hdf5Bytes) {
    this.#file = file;
    this.#attributes = new AttributeReader(file);
  }

  object(path: string, address: number, depth: number): void {
    const known = this.#seenDatasets.get(address);
    if (known !== undefined) {
      this.datasets.set(path, known);
      return;
    }
    const messages = readMessages(this.#file, address);
    if (isDataset(messages)) this.#dataset(path, address, messages);
    else this.#group(path, address, messages, depth);
  }

  #dataset(path: string, address: number, messages: readonly Message[]): void {
    const attributes = this.#attributes.read(messages);
    const dataset = { array: readArray(this.#file, path, messages, attributes), attributes };
    this.#seenDatasets.set(address, dataset);
    this.datasets.set(path, dataset);
  }

  #group(path: string, address: number, messages: readonly Message[], depth: number): void {
    const links = readLinks(this.#file, messages);
    if (links === undefined) {
      throw this.#file.error(address, `${path || "the root"} is neither group nor dataset`, "one of them");
    }
    // A tree has one way to each group; a second one is a cycle, or doubles the file at every level.
    if (this.#seenGroups.has(address))
      throw this.#file.error(address, `group ${path} is linked twice`, "a tree");
    if (depth > maxDepth) throw this.#file.error(address, "groups nested too deeply", `${maxDepth} levels`);
    this.#seenGroups.add(address);
    this.groups.set(path, this.#attributes.read(messages));
    for (const { name, address } of links)
      this.object(path === "" ? name : `${path}/${name}`, address, depth + 1);
  }
}
