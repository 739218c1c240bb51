/**
 * Reads the code section of a module back into instruction names, for tests that look at what was emitted. It knows the instructions
 * of the opcode table and nothing else.
 */
import { type OpName, opcodes } from "../../targets/wasm/opcodes.ts";

export interface Instruction {
  readonly op: OpName;
  readonly immediates: readonly number[];
}

const names = new Map(Object.entries(opcodes).map(([name, code]) => [code, name as OpName]));

class Reader {
  position: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  unsigned(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.position++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  signed(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.position++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return byte & 0x40 ? value - scale * 128 : value;
    }
  }

  skip(count: number): number {
    this.position += count;
    return count;
  }
}

/** How many unsigned immediates an instruction has, where it has any. */
function immediatesOf(op: OpName, reader: Reader): number[] {
  const some = (count: number): number[] => Array.from({ length: count }, () => reader.unsigned());
  if (op === "i32.const" || op === "i64.const") return [reader.signed()];
  if (op === "f32.const") return [reader.skip(4)];
  if (op === "f64.const") return [reader.skip(8)];
  if (/store\d*_lane$/.test(op)) return some(3);
  if (/\.(load|store)/.test(op) || op === "memory.copy") return some(2);
  const one = /^(loop|if|br_if|call|local\.\w+|memory\.fill)$/.test(op) || /_lane$/.test(op);
  return some(one ? 1 : 0);
}

function instructionsOf(reader: Reader, end: number): Instruction[] {
  for (let runs = reader.unsigned(); runs > 0; runs--) {
    reader.unsigned();
    reader.skip(1);
  }
  const list: Instruction[] = [];
  while (reader.position < end) {
    const first = reader.bytes[reader.position++];
    const code = first >= 0xfc ? first * 65536 + reader.unsigned() : first;
    const op = names.get(code);
    if (op === undefined) throw new Error(`unknown opcode 0x${code.toString(16)}`);
    list.push({ op, immediates: immediatesOf(op, reader) });
  }
  return list;
}

/** The instructions of every function. */
export function disassemble(module: Uint8Array): Instruction[][] {
  const reader = new Reader(module, 8);
  while (reader.position < module.length) {
    const section = reader.unsigned();
    const end = reader.unsigned() + reader.position;
    if (section === 10) {
      return Array.from({ length: reader.unsigned() }, () => {
        const size = reader.unsigned();
        return instructionsOf(reader, reader.position + size);
      });
    }
    reader.position = end;
  }
  return [];
}

/** The loop that contains no other, from its first instruction to its branch: the longest of them. */
export function innermostLoop(code: readonly Instruction[]): readonly Instruction[] {
  const loops: Instruction[][] = [];
  code.forEach(({ op }, begin) => {
    if (op !== "loop") return;
    const rest = code.slice(begin + 1);
    const end = rest.findIndex((instruction) => instruction.op === "br_if" || instruction.op === "loop");
    if (rest[end]?.op === "br_if") loops.push(rest.slice(0, end + 1));
  });
  return loops.sort((a, b) => b.length - a.length)[0] ?? [];
}

export function countOps(code: readonly Instruction[]): { [op: string]: number } {
  const counts: { [op: string]: number } = {};
  for (const { op } of code) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}
