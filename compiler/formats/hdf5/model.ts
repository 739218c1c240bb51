/**
 * What an HDF5 file is to the rest of keratin: a flat view of groups and datasets by path, with their attributes.
 *
 * Paths have no leading slash; the root group is "". Everything is read (or given) at once: a weights file is loaded
 * whole anyway, and damage then shows at a single place.
 */
import type { NDArray } from "../../../ir/ndarray.ts";

/** A text, a list of texts, or numbers (rank 0 for a single one). */
export type Hdf5Attribute = string | readonly string[] | NDArray;
export type Hdf5Attributes = ReadonlyMap<string, Hdf5Attribute>;

export interface Hdf5Dataset {
  readonly array: NDArray;
  readonly attributes: Hdf5Attributes;
}

export interface Hdf5File {
  /** Attributes of every group. Parents come before children; names are in the order of the file. */
  readonly groups: ReadonlyMap<string, Hdf5Attributes>;
  readonly datasets: ReadonlyMap<string, Hdf5Dataset>;
}

/** All ones: the address of something that was never stored. */
export const noAddress = 0xffff_ffff_ffff_ffffn;

/** Object header message types (section IV.A.2 of the HDF5 File Format Specification). */
export const messageType = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  fillValue: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  groupInfo: 0x0a,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;
