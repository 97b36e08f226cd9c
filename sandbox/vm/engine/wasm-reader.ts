// Reads and writes the WebAssembly binary format, as far as a module compiled from C by emscripten uses it.
// Does not validate: the platform's compiler does that with whatever is written.

export class WasmReader {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new Error(`wasm ends early, at byte ${this.at}`);
    return value;
  }

  /** An unsigned LEB128 number below 2^32. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return String.fromCharCode(...this.take(this.number()));
  }
}

/** `value` as an unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** A name: its length, then its (ASCII) characters. */
export function name(text: string): number[] {
  return [...leb(text.length), ...[...text].map((character) => character.charCodeAt(0))];
}

const TWO_NUMBERS = "two";
const IMMEDIATES = new Map<number, "leb" | "two" | 4 | 8>([
  [0x41, "leb"],
  [0x42, "leb"],
  [0x43, 4],
  [0x44, 8],
  [0x11, TWO_NUMBERS],
  [0x3f, "leb"],
  [0x40, "leb"],
  [0xd0, "leb"],
  [0xd2, "leb"],
]);
for (const opcode of [0x02, 0x03, 0x04, 0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26]) {
  IMMEDIATES.set(opcode, "leb");
}
for (let opcode = 0x28; opcode <= 0x3e; opcode++) IMMEDIATES.set(opcode, TWO_NUMBERS);

/** The second number of a 0xfc opcode, and how many numbers follow it. */
const PREFIXED_NUMBERS = new Map([
  [8, 2],
  [9, 1],
  [10, 2],
  [11, 1],
]);

/** Steps over one instruction; gives its opcode, for a prefixed one `0xfc00 + its number`. Throws for what it does not know. */
export function stepOver(reader: WasmReader): number {
  const opcode = reader.byte();
  const immediate = IMMEDIATES.get(opcode);
  if (immediate === "leb") reader.skipLeb();
  else if (immediate === TWO_NUMBERS) {
    reader.skipLeb();
    reader.skipLeb();
  } else if (immediate !== undefined) reader.take(immediate);
  else if (opcode === 0x0e) for (let labels = reader.number() + 1; labels > 0; labels--) reader.skipLeb();
  else if (opcode === 0x1c) reader.take(reader.number());
  else if (opcode === 0xfc) return stepOverPrefixed(reader);
  else if (opcode > 0xc4 || (opcode > 0x11 && opcode < 0x1a))
    throw new Error(`unknown wasm opcode 0x${opcode.toString(16)}`);
  return opcode;
}

function stepOverPrefixed(reader: WasmReader): number {
  const second = reader.number();
  if (second > 11) throw new Error(`unknown wasm opcode 0xfc ${second}`);
  for (let rest = PREFIXED_NUMBERS.get(second) ?? 0; rest > 0; rest--) reader.skipLeb();
  return 0xfc00 + second;
}
