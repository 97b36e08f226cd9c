// Rewrites the QuickJS module so that the host can bound and observe it. Runs when the repository is built, never at run time.
//
// H1. Every loop iteration of the machine code costs one unit of fuel, every 16 bytes moved or filled cost one more. When the
//     fuel falls below zero the module traps. So native loops that never ask the interrupt handler end too
//     (`[].includes.call({ length: 2 ** 53 - 1 }, 1)`, a naive search in a long string, `flat(Infinity)` over a shared graph).
// H2. A promise that is rejected without a handler, or gets its handler late, is noted in a log in the module's memory.
// H3. Nothing else changes: imports, exports, function numbers and memory layout stay as they were.
import { leb, name, stepOver, WasmReader } from "./wasm-reader.ts";

const SECTION = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 };
const OP_LOOP = 0x03;
const OP_CALL_INDIRECT = 0x11;
const OP_MEMORY_COPY = 0xfc0a;
const OP_MEMORY_FILL = 0xfc0b;
const I32 = 0x7f;
const I64 = 0x7e;
/** `JSHostPromiseRejectionTracker`: context, promise, reason, is it handled, opaque. */
const TRACKER_TYPE = [0x60, 5, I32, I64, I64, I32, I32, 0];
/** The export (minified by emscripten) that copies a value to the heap: `QTS_DupValuePointer`. */
const DUP_VALUE_EXPORT = "T";
const BYTES_PER_FUEL_SHIFT = 4;

/** Exports that the rewritten module has and the original lacks. */
export const FUEL_EXPORT = "fuel";

/** The rejection log: capacity and count as u32, then entries of 16 bytes (promise u64, is it handled u32, reason pointer u32). */
export const REJECTION_LOG = { headerBytes: 8, entryBytes: 16 };
/** Where `JSRuntime` keeps the tracker and its opaque pointer. */
export const RUNTIME_OFFSETS = { tracker: 160, opaque: 164 };

interface Layout {
  importedFunctions: number;
  functions: number;
  globals: number;
  trackerType: number;
  dupValue: number;
}

/** The rewritten module. Throws when `original` is not the QuickJS build it was made for. */
export function harden(original: Uint8Array): Uint8Array<ArrayBuffer> {
  const layout = readLayout(original);
  let tracked = 0;
  const out: number[] = [...original.subarray(0, 8)];
  for (const section of sections(original)) {
    let content: ArrayLike<number> = section.content;
    if (section.id === SECTION.function) content = append(section.content, leb(layout.trackerType));
    if (section.id === SECTION.global) content = append(append(section.content, FUEL_GLOBAL), FUEL_GLOBAL);
    if (section.id === SECTION.export)
      content = append(section.content, [...name(FUEL_EXPORT), 3, ...leb(layout.globals)]);
    if (section.id === SECTION.code) {
      const rewritten = rewriteCode(section.content, layout);
      content = rewritten.content;
      tracked = rewritten.tracked;
    }
    out.push(section.id, ...leb(content.length));
    for (let at = 0; at < content.length; at++) out.push(content[at] ?? 0);
  }
  if (tracked !== 2) throw new Error(`expected 2 calls of the rejection tracker, found ${tracked}`);
  return Uint8Array.from(out);
}

/** Two mutable i32: the fuel, which starts at 2^30 - 1 for the module's own start, and a scratch register. */
const FUEL_GLOBAL = [I32, 1, 0x41, 0xff, 0xff, 0xff, 0xff, 0x03, 0x0b];

function* sections(bytes: Uint8Array): Generator<{ id: number; content: Uint8Array }> {
  const reader = new WasmReader(bytes);
  reader.at = 8;
  while (reader.at < bytes.length) {
    const id = reader.byte();
    yield { id, content: reader.take(reader.number()) };
  }
}

/** Adds one item to a section that starts with its item count. */
function append(content: Uint8Array | number[], item: number[]): number[] {
  const reader = new WasmReader(Uint8Array.from(content));
  const count = reader.number();
  return [...leb(count + 1), ...reader.bytes.subarray(reader.at), ...item];
}

function readLayout(bytes: Uint8Array): Layout {
  const layout: Layout = { importedFunctions: 0, functions: 0, globals: 0, trackerType: -1, dupValue: -1 };
  for (const { id, content } of sections(bytes)) {
    const reader = new WasmReader(content);
    if (id === SECTION.type) layout.trackerType = findTrackerType(reader);
    else if (id === SECTION.import) layout.importedFunctions = countImportedFunctions(reader);
    else if (id === SECTION.function) layout.functions = reader.number();
    else if (id === SECTION.global) layout.globals = reader.number();
    else if (id === SECTION.export) layout.dupValue = findExport(reader, DUP_VALUE_EXPORT);
  }
  if (layout.trackerType < 0 || layout.dupValue < 0) throw new Error("not the QuickJS module this was made for");
  return layout;
}

function findTrackerType(reader: WasmReader): number {
  const count = reader.number();
  for (let index = 0; index < count; index++) {
    const from = reader.at;
    reader.byte();
    reader.take(reader.number());
    reader.take(reader.number());
    const bytes = reader.bytes.subarray(from, reader.at);
    if (bytes.length === TRACKER_TYPE.length && bytes.every((byte, at) => byte === TRACKER_TYPE[at])) return index;
  }
  return -1;
}

function countImportedFunctions(reader: WasmReader): number {
  let functions = 0;
  for (let rest = reader.number(); rest > 0; rest--) {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (kind === 0) functions++;
    else if (kind !== 2) throw new Error(`unexpected wasm import of kind ${kind}`);
    const limits = reader.number();
    if (kind === 2) for (let numbers = (limits & 1) + 1; numbers > 0; numbers--) reader.skipLeb();
  }
  return functions;
}

function findExport(reader: WasmReader, wanted: string): number {
  for (let rest = reader.number(); rest > 0; rest--) {
    const found = reader.text();
    reader.byte();
    const index = reader.number();
    if (found === wanted) return index;
  }
  return -1;
}

function rewriteCode(content: Uint8Array, layout: Layout): { content: number[]; tracked: number } {
  const reader = new WasmReader(content);
  const count = reader.number();
  const out = leb(count + 1);
  let tracked = 0;
  for (let index = 0; index < count; index++) {
    const rewritten = rewriteBody(reader.take(reader.number()), layout);
    tracked += rewritten.tracked;
    out.push(...leb(rewritten.body.length));
    for (const byte of rewritten.body) out.push(byte);
  }
  const recorder = rejectionRecorder(layout);
  out.push(...leb(recorder.length), ...recorder);
  return { content: out, tracked };
}

function rewriteBody(body: Uint8Array, layout: Layout): { body: number[]; tracked: number } {
  const reader = new WasmReader(body);
  for (let groups = reader.number(); groups > 0; groups--) {
    reader.skipLeb();
    reader.byte();
  }
  const out: number[] = [...body.subarray(0, reader.at)];
  const recorder = layout.importedFunctions + layout.functions;
  let tracked = 0;
  while (reader.at < body.length) {
    const from = reader.at;
    const opcode = stepOver(reader);
    const isTracker =
      opcode === OP_CALL_INDIRECT && new WasmReader(body.subarray(from + 1)).number() === layout.trackerType;
    if (opcode === OP_MEMORY_COPY || opcode === OP_MEMORY_FILL) out.push(...chargeForBytes(layout.globals));
    if (isTracker) {
      tracked++;
      out.push(0x1a, 0x10, ...leb(recorder));
    } else for (let at = from; at < reader.at; at++) out.push(body[at] ?? 0);
    if (opcode === OP_LOOP) out.push(...charge(layout.globals, [0x41, 1]));
  }
  return { body: out, tracked };
}

/** `fuel -= cost; if (fuel < 0) trap`. */
function charge(fuel: number, cost: number[]): number[] {
  const get = [0x23, ...leb(fuel)];
  const set = [0x24, ...leb(fuel)];
  return [...get, ...cost, 0x6b, ...set, ...get, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b];
}

/** The number of bytes is on top of the stack, and stays there. */
function chargeForBytes(fuel: number): number[] {
  const scratch = leb(fuel + 1);
  const cost = [0x23, ...scratch, 0x41, BYTES_PER_FUEL_SHIFT, 0x76];
  return [0x24, ...scratch, ...charge(fuel, cost), 0x23, ...scratch];
}

/**
 * The body of the tracker. Parameters: 0 context, 1 promise, 2 reason, 3 is it handled, 4 the log. Local 5: the entry.
 * A full log counts on without writing, so the host sees that it overflowed.
 */
function rejectionRecorder(layout: Layout): number[] {
  const local = (index: number) => [0x20, index];
  const load = (offset: number) => [0x28, 2, offset];
  const store = (offset: number) => [0x36, 2, offset];
  const store64 = (offset: number) => [0x37, 3, offset];
  const entry = [...local(4), ...local(4), ...load(4), 0x41, 4, 0x74, 0x6a, 0x41, 8, 0x6a, 0x21, 5];
  const hasRoom = [...local(4), ...load(4), ...local(4), ...load(0), 0x49];
  // The reason is put where the promise will be, to have an address to copy it from.
  const copyReason = [...local(5), ...local(2), ...store64(0)];
  const dup = [...local(5), ...local(0), ...local(5), 0x10, ...leb(layout.dupValue), ...store(12)];
  const keepReason = [...local(3), 0x45, 0x04, 0x40, ...copyReason, ...dup, 0x0b];
  const keepPromise = [...local(5), ...local(1), ...store64(0), ...local(5), ...local(3), ...store(8)];
  const count = [...local(4), ...local(4), ...load(4), 0x41, 1, 0x6a, ...store(4)];
  return [1, 1, I32, ...hasRoom, 0x04, 0x40, ...entry, ...keepReason, ...keepPromise, 0x0b, ...count, 0x0b];
}
