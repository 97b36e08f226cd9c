import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { EpochMs } from "./json.ts";

// Ids of executions and task runs.
//
// D1. An execution id is 22 base62 characters; the last two name its cell: a node finds the actor by the id alone, for ever.
// D2. The cell code `zz` means: a cell of its own, named by the whole id.
// D3. An id made from parts is the same each time it is made: "twice" is "once".
// D4. A task run id is its execution's first 16 characters, `-`, and its index in base 36: its index can be read back.
// D5. A fresh id is 41 bits of time and 77 of chance.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY_LENGTH = 20;
/** Characters of a fresh id that tell its time in ms: enough until the year 2081. */
const TIME_LENGTH = 7;
const OWN_CELL = "zz";

/** How new executions are placed: `each` in a cell of its own, or spread over that many long-lived cells. */
export type Placement = "each" | number;

/** Where ids get their randomness: `length` bytes. */
export type RandomBytes = (length: number) => Uint8Array;

function base62(bytes: Uint8Array, length: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let text = "";
  for (let i = 0; i < length; i++) {
    text = ALPHABET[Number(value % 62n)] + text;
    value /= 62n;
  }
  return text;
}

function base62Number(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62)) text = ALPHABET[rest % 62] + text;
  return text;
}

function cellCode(index: number): string {
  return `${ALPHABET[Math.floor(index / 62)]}${ALPHABET[index % 62]}`;
}

function withCell(body: string, hash: number, placement: Placement): string {
  return body + (placement === "each" ? OWN_CELL : cellCode(hash % placement));
}

/** A fresh execution id. Begins with its time, so that a cell writes new rows beside each other. */
export function newExecutionId(random: RandomBytes, placement: Placement, now: EpochMs): string {
  const bytes = random(12);
  const body = base62Number(now, TIME_LENGTH) + base62(bytes.subarray(0, 10), BODY_LENGTH - TIME_LENGTH);
  return withCell(body, (bytes[10] ?? 0) * 256 + (bytes[11] ?? 0), placement);
}

/** The execution id that `parts` always give. */
export function derivedExecutionId(parts: readonly string[], placement: Placement): string {
  const hash = sha256(utf8ToBytes(JSON.stringify(parts)));
  return withCell(base62(hash.subarray(0, 16), BODY_LENGTH), (hash[16] ?? 0) * 256 + (hash[17] ?? 0), placement);
}

/** The name of the Durable Object that holds the execution, or undefined when `id` cannot be an execution id. */
export function cellName(id: string): string | undefined {
  if (!/^[0-9A-Za-z]{22}$/.test(id)) return undefined;
  const code = id.slice(BODY_LENGTH);
  return code === OWN_CELL ? id : `cell-${code}`;
}

/** The names of all long-lived cells under `placement`; none for `each`. */
export function sharedCells(placement: Placement): readonly string[] {
  return placement === "each" ? [] : Array.from({ length: placement }, (_, index) => `cell-${cellCode(index)}`);
}

export function taskRunId(executionId: string, index: number): string {
  return `${executionId.slice(0, 16)}-${index.toString(36)}`;
}

/** The index in a task run id of this execution, or undefined when it is none. */
export function taskRunIndex(executionId: string, id: string): number | undefined {
  const prefix = `${executionId.slice(0, 16)}-`;
  if (!id.startsWith(prefix)) return undefined;
  const index = Number.parseInt(id.slice(prefix.length), 36);
  return Number.isSafeInteger(index) && index >= 0 && index.toString(36) === id.slice(prefix.length)
    ? index
    : undefined;
}
