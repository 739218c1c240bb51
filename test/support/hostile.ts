/**
 * What every test of hostile input asserts: a ModelError of one line, soon, and no prototype changed.
 */
import * as assert from "uvu/assert";
import { ModelError } from "../../ir/errors.ts";

/** The promise is 2 s on an idle machine; tests share theirs. */
const deadline = 5_000;

/** The error with which `read` refuses, whose message must match `pattern`. */
export async function refused(
  read: () => unknown,
  pattern: RegExp,
  what = String(pattern),
): Promise<ModelError> {
  const outcome = await attempt(read);
  if (outcome === undefined) throw new Error(`accepted instead of refused: ${what}`);
  assert.match(outcome.message, pattern, `${what}: ${outcome.message}`);
  return outcome;
}

/** Runs `read`: undefined when it gave a result, else the ModelError. Any other error, or a slow one, fails. */
export async function attempt(read: () => unknown): Promise<ModelError | undefined> {
  const start = performance.now();
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    assert.not.match(error.message, /\n|\bat .*:\d+:\d+/, "one line, no stack trace");
    assert.ok(error.message.length < 2_000, "a message of bounded length");
    return error;
  } finally {
    assert.ok(performance.now() - start < deadline, "within the deadline");
    assert.is(({} as { polluted?: unknown }).polluted, undefined, "no prototype polluted");
  }
}

/** Counts of a campaign, in which each input gave a result or a ModelError. */
export interface Campaign {
  accepted: number;
  refused: number;
}

/** Reads every mutant; anything but a result or a ModelError fails, named by its label. */
export async function campaign(
  mutants: Iterable<readonly [label: string, bytes: Uint8Array]>,
  read: (bytes: Uint8Array) => unknown,
): Promise<Campaign> {
  const counts = { accepted: 0, refused: 0 };
  for (const [label, bytes] of mutants) {
    try {
      if ((await attempt(() => read(bytes))) === undefined) counts.accepted++;
      else counts.refused++;
    } catch (error) {
      throw new Error(`${label}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return counts;
}

/** The file cut off before every byte, from empty on. */
export function* truncations(bytes: Uint8Array): Generator<readonly [string, Uint8Array]> {
  for (let length = 0; length < bytes.length; length++) yield [`cut at ${length}`, bytes.subarray(0, length)];
}

/** The file with one bit flipped, each of the first 4 kB; `step` 8 takes one bit of each byte, in turn. */
export function* bitFlips(bytes: Uint8Array, step = 1): Generator<readonly [string, Uint8Array]> {
  const bits = 8 * Math.min(bytes.length, 4096);
  for (let bit = 0; bit < bits; bit += step) {
    // With a step of 8, the bit within the byte moves on from byte to byte.
    const at = step === 1 ? bit : bit + ((bit / step) % 8);
    const copy = bytes.slice();
    copy[at >> 3] ^= 1 << (at & 7);
    yield [`bit ${at}`, copy];
  }
}

/** A copy with other bytes at `at`. */
export function patched(bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
}

/** Where ASCII text first stands, from `from` on. Throws when it does not. */
export function find(bytes: Uint8Array, text: string, from = 0): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(text, from, "latin1");
  if (at < 0) throw new Error(`no ${JSON.stringify(text)} in the bytes`);
  return at;
}
