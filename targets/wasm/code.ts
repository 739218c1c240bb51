/**
 * A function under construction: instructions go into bytes at once, locals are numbered as they are asked for. Locals are never
 * reused: engines bring the code into SSA form anyway.
 */
import { ByteWriter, encodeLocals } from "./binary.ts";
import { EMPTY_BLOCK, type OpName, opcodes, type ValueType, valueTypes } from "./opcodes.ts";

/** The index of a local. */
export type Local = number;

export class Code {
  readonly params: number;
  readonly #out = new ByteWriter();
  readonly #locals: ValueType[] = [];
  #lastSet = { local: -1, begin: -1, end: -1 };

  /** Locals 0 to `params - 1` are the parameters, all i32. */
  constructor(params: number) {
    this.params = params;
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return this.params + this.#locals.length - 1;
  }

  /** An instruction and its unsigned immediates. */
  op(name: OpName, ...immediates: number[]): void {
    const opcode = opcodes[name];
    if (opcode < 0x100) this.#out.byte(opcode);
    else {
      this.#out.byte(opcode >> 16);
      this.#out.unsigned(opcode & 0xffff);
    }
    for (const immediate of immediates) this.#out.unsigned(immediate);
  }

  ops(names: readonly OpName[]): void {
    for (const name of names) this.op(name);
  }

  get(local: Local): void {
    const { local: last, begin, end } = this.#lastSet;
    // `set x; get x` is `tee x`, which is two bytes shorter. A branch target would lie between them as a byte of its own.
    if (last === local && end === this.#out.length) {
      this.#out.patch(begin, opcodes["local.tee"]);
      this.#lastSet.local = -1;
    } else this.op("local.get", local);
  }

  set(local: Local): void {
    const begin = this.#out.length;
    this.op("local.set", local);
    this.#lastSet = { local, begin, end: this.#out.length };
  }

  i32(value: number): void {
    this.op("i32.const");
    this.#out.signed(value);
  }

  i64(value: bigint): void {
    this.op("i64.const");
    this.#out.signed64(value);
  }

  f32(value: number): void {
    this.op("f32.const");
    this.#out.f32(value);
  }

  f64(value: number): void {
    this.op("f64.const");
    this.#out.f64(value);
  }

  /** A load or store. `align` is the logarithm of the alignment that is known. */
  memory(name: OpName, align: number, offset: number): void {
    this.op(name, align, offset);
  }

  /** `local += constant`. */
  increment(local: Local, by: number): void {
    this.get(local);
    this.i32(by);
    this.op("i32.add");
    this.set(local);
  }

  loop(): void {
    this.op("loop", EMPTY_BLOCK);
  }

  /** Takes the condition from the stack; with a type, both arms leave a value. */
  if(type?: ValueType): void {
    this.op("if", type === undefined ? EMPTY_BLOCK : valueTypes[type]);
  }

  else(): void {
    this.op("else");
  }

  end(): void {
    this.op("end");
  }

  /** The body of the function, complete. */
  finish(): Uint8Array {
    this.end();
    const declarations = encodeLocals(this.#locals);
    const instructions = this.#out.toBytes();
    const body = new Uint8Array(declarations.length + instructions.length);
    body.set(declarations);
    body.set(instructions, declarations.length);
    return body;
  }
}
