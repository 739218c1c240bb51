/**
 * Chunked datasets with a version 1 B-tree, what h5py writes when asked to compress: every chunk is found, unfiltered
 * and copied to its place. All chunks must be there, each once.
 */
import type { Hdf5Bytes } from "./file.ts";
import { mostBytes, type Stage, undoFilters } from "./filters.ts";
import { visitTree } from "./groups.ts";

export interface ChunkLayout {
  /** Where the layout message stands, for errors. */
  readonly at: number;
  readonly treeAt: number | undefined;
  /** Elements per axis of a chunk. */
  readonly chunk: readonly number[];
}

interface ChunkedData extends ChunkLayout {
  readonly shape: readonly number[];
  /** Size of an element. */
  readonly bytes: number;
  readonly stages: readonly Stage[];
}

/** The dataset's elements, row-major. The caller has claimed the memory for them. Throws ModelError. */
export function readChunks(file: Hdf5Bytes, path: string, data: ChunkedData): Uint8Array {
  const { shape, chunk, bytes, at } = data;
  if (chunk.length !== shape.length || shape.length === 0 || chunk.includes(0)) {
    throw file.error(at, `dataset ${path}: absurd chunks`, `${shape.length} axes, none 0`, `[${chunk}]`);
  }
  const size = chunk.reduce((product, dim) => product * dim, bytes);
  file.claim(size, `a chunk of dataset ${path}`);
  const perAxis = shape.map((dim, axis) => Math.ceil(dim / chunk[axis]));
  const expected = perAxis.reduce((product, dim) => product * dim, 1);
  const out = new Uint8Array(shape.reduce((product, dim) => product * dim, bytes));
  const seen = new Set<string>();
  const visit = (child: number, keyAt: number) => {
    const start = shape.map((_, axis) => file.u64(keyAt + 8 + 8 * axis, "chunk offset"));
    const misplaced = start.some((offset, axis) => offset % chunk[axis] !== 0 || offset >= shape[axis]);
    if (misplaced || seen.has(start.join())) {
      throw file.error(
        keyAt,
        `dataset ${path}: a chunk is misplaced or twice there`,
        "each once",
        `[${start}]`,
      );
    }
    seen.add(start.join());
    copyChunk(readChunk(file, path, data, child, keyAt, size), start, data, out);
  };
  const keyLength = 8 + 8 * (shape.length + 1);
  if (expected > 0 && data.treeAt !== undefined) visitTree(file, data.treeAt, 1, keyLength, visit);
  file.release(size);
  if (seen.size === expected) return out;
  throw file.error(at, `dataset ${path}: chunks were never stored`, `${expected}`, `${seen.size}`);
}

function readChunk(
  file: Hdf5Bytes,
  path: string,
  { stages, bytes }: ChunkedData,
  at: number,
  keyAt: number,
  size: number,
): Uint8Array {
  const where = `${file.file}, byte ${at}, dataset ${path}`;
  const length = file.u32(keyAt, "chunk size");
  file.charge(at, length, "chunk");
  const stored = file.slice(at, length, "chunk");
  const fits = mostBytes(length, stages) >= size;
  const skipped = file.u32(keyAt + 4, "filter mask");
  const content = fits ? undoFilters(stored, stages, skipped, size, bytes, where) : stored;
  if (content.length === size) return content;
  const got = `${content.length} from ${length} stored`;
  throw file.error(at, `dataset ${path}: a chunk is damaged`, `${size} bytes`, got);
}

/** Copies the part of a chunk that lies inside the array, row by row. */
function copyChunk(
  chunkBytes: Uint8Array,
  start: readonly number[],
  data: ChunkedData,
  out: Uint8Array,
): void {
  const { shape, chunk, bytes } = data;
  const copy = (axis: number, from: number, to: number): void => {
    const inside = Math.min(chunk[axis], shape[axis] - start[axis]);
    if (axis === shape.length - 1) {
      const target = (to * shape[axis] + start[axis]) * bytes;
      const source = from * chunk[axis] * bytes;
      out.set(chunkBytes.subarray(source, source + inside * bytes), target);
      return;
    }
    for (let i = 0; i < inside; i++)
      copy(axis + 1, from * chunk[axis] + i, to * shape[axis] + start[axis] + i);
  };
  copy(0, 0, 0);
}
