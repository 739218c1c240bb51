/**
 * Finds conflicting accesses: two threads touch one element, at least one writes, and nothing orders them. A barrier orders the threads of
 * one workgroup; nothing orders two workgroups of a launch.
 *
 * For each granule of memory it remembers the last writer and the readers since: enough to see every conflict of a write, because a
 * second writer or reader that conflicts is reported at once. Who is named is one of the parties, not all.
 */

/** A thread at a point of its time. */
export interface Accessor {
  readonly group: number;
  readonly thread: number;
  readonly phase: number;
}

const NOBODY = -1;
const SEVERAL = -2;

export interface Races {
  /** Notes an access; returns a description of the conflicting one, if there is one. */
  read(element: number, by: Accessor): string | undefined;
  write(element: number, by: Accessor): string | undefined;
}

/** The groups, threads and phases of one kind of access, per granule. */
interface History {
  readonly group: Int32Array;
  readonly thread: Int32Array;
  readonly phase: Int32Array;
}

const makeHistory = (size: number): History => ({
  group: new Int32Array(size).fill(NOBODY),
  thread: new Int32Array(size),
  phase: new Int32Array(size),
});

/** Whether the remembered access is unordered with one by `by`. */
function isUnordered({ group, thread, phase }: History, at: number, by: Accessor): boolean {
  if (group[at] === NOBODY) return false;
  if (group[at] !== by.group) return true;
  return phase[at] === by.phase && thread[at] !== by.thread;
}

function describe(verb: string, { group, thread }: History, at: number): string {
  const who =
    thread[at] === SEVERAL || group[at] === SEVERAL
      ? "several threads"
      : `thread ${thread[at]} of group ${group[at]}`;
  return `${verb} by ${who}`;
}

function remember(history: History, at: number, by: Accessor): void {
  const { group, thread, phase } = history;
  const isFirst = group[at] === NOBODY || (group[at] === by.group && phase[at] !== by.phase);
  thread[at] = isFirst || thread[at] === by.thread ? by.thread : SEVERAL;
  group[at] = group[at] === NOBODY || group[at] === by.group ? by.group : SEVERAL;
  phase[at] = by.phase;
}

/** The record of one memory region, shared by all buffers that lie in it. `granule` is the smallest element width among them, in bytes. */
export class RaceRecord {
  private readonly granule: number;
  private readonly writes: History;
  private readonly reads: History;

  constructor(bytes: number, granule: number) {
    const size = Math.ceil(bytes / granule);
    this.granule = granule;
    this.writes = makeHistory(size);
    this.reads = makeHistory(size);
  }

  /** The view of a buffer that begins at byte `start`, with elements of `width` bytes. */
  view(start: number, width: number): Races {
    const each = (element: number, note: (at: number) => string | undefined): string | undefined => {
      const first = (start + element * width) / this.granule;
      for (let at = first; at < first + width / this.granule; at++) {
        const conflict = note(at);
        if (conflict !== undefined) return conflict;
      }
      return undefined;
    };
    return {
      read: (element, by) => each(element, (at) => this.read(at, by)),
      write: (element, by) => each(element, (at) => this.write(at, by)),
    };
  }

  private read(at: number, by: Accessor): string | undefined {
    if (isUnordered(this.writes, at, by)) return describe("written", this.writes, at);
    remember(this.reads, at, by);
    return undefined;
  }

  private write(at: number, by: Accessor): string | undefined {
    if (isUnordered(this.writes, at, by)) return describe("written", this.writes, at);
    if (isUnordered(this.reads, at, by)) return describe("read", this.reads, at);
    remember(this.writes, at, by);
    return undefined;
  }
}
