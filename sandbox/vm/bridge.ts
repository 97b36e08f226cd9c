// The one function through which the guest reaches the host: `host(operation, json, bytes)`.
//
// V5. The host reads copies only: a text, whose length is checked first, and one buffer of bytes.
// V6. No exception crosses into the machine. What the guest may catch is answered as data; anything else ends the run.
import type { QuickJSContext, QuickJSHandle } from "quickjs-emscripten-core";
import type { Budget } from "./budget.ts";
import { Refusal } from "./failure.ts";
import { FIXED } from "./limits.ts";

/** What an operation gives: bytes and numbers as they are, anything else as JSON. */
export type Answer = Uint8Array | number | { json: unknown };

/** `input` comes from the guest: check before use. */
// biome-ignore lint/suspicious/noConfusingVoidType: an operation that only acts has no answer
export type Operation = (input: Record<string, unknown>, bytes: Uint8Array) => Answer | void;
export type Operations = Record<string, Operation>;

/** One call costs about as much as this many loop iterations of the machine. */
const CALL_STEPS = 1_000;
const NO_BYTES = new Uint8Array();

export class Bridge {
  /** The exception that ended the run, when it was the host's or the machine's. */
  poison: unknown;
  #context: QuickJSContext;
  #budget: Budget;
  #operations: ReadonlyMap<string, Operation>;

  constructor(context: QuickJSContext, budget: Budget, operations: Operations) {
    this.#context = context;
    this.#budget = budget;
    this.#operations = new Map(Object.entries(operations));
  }

  /** The function for the guest. The caller owns the handle. */
  createFunction(): QuickJSHandle {
    return this.#context.newFunction("host", (operation, json, bytes) => {
      try {
        return this.#call(operation, json, bytes);
      } catch (error) {
        this.poison ??= error;
        this.#budget.halt("exit");
        return undefined;
      }
    });
  }

  /** Bytes as a new ArrayBuffer of the guest. The caller owns the handle. */
  newBytes(bytes: Uint8Array): QuickJSHandle {
    return this.#context.newArrayBuffer(exactBuffer(bytes));
  }

  /** A value as JSON text of the guest, never as a structure: its depth is the guest's own concern. */
  newJson(value: unknown): QuickJSHandle {
    return this.#context.newString(JSON.stringify(value));
  }

  #call(operation?: QuickJSHandle, json?: QuickJSHandle, bytes?: QuickJSHandle): QuickJSHandle | undefined {
    if (this.#budget.stop) return undefined;
    const run = this.#operations.get(operation ? this.#readText(operation) : "");
    if (!run) throw new Error("the guest called an operation that does not exist");
    const text = json ? this.#readText(json) : "";
    const copied = bytes ? this.#readBytes(bytes) : NO_BYTES;
    this.#budget.chargeForHost(CALL_STEPS + text.length + copied.length / 16);
    const answer = this.#answer(run, text, copied);
    if (this.#budget.stop) return undefined;
    if (typeof answer === "number") return this.#context.newNumber(answer);
    if (answer instanceof Uint8Array) return this.newBytes(answer);
    return this.newJson(answer);
  }

  #answer(run: Operation, text: string, bytes: Uint8Array): Uint8Array | number | Record<string, unknown> {
    try {
      const input: unknown = text === "" ? {} : JSON.parse(text);
      if (typeof input !== "object" || input === null) throw new Refusal("TypeError", "EINVAL", "wrong arguments");
      const answer = run(input as Record<string, unknown>, bytes);
      if (typeof answer === "number" || answer instanceof Uint8Array) return answer;
      return { value: answer ? answer.json : undefined };
    } catch (error) {
      return { error: describeForGuest(error) };
    }
  }

  #readText(handle: QuickJSHandle): string {
    if (this.#context.typeof(handle) !== "string") return "";
    const length = this.#context.getProp(handle, "length").consume((value) => this.#context.getNumber(value));
    if (length > FIXED.messageChars) throw new Error("the guest sent a longer text than its own code allows");
    return this.#context.getString(handle);
  }

  #readBytes(handle: QuickJSHandle): Uint8Array {
    if (this.#context.typeof(handle) !== "object") return NO_BYTES;
    const length = this.#context.getProp(handle, "byteLength").consume((value) => this.#context.getNumber(value));
    if (!(length > 0)) return NO_BYTES;
    if (length > FIXED.messageChars) throw new Error("the guest sent more bytes than its own code allows");
    return this.#context.getArrayBuffer(handle).consume((view) => view.value.slice());
  }
}

/** An error as the guest's helper builds it again. */
export function describeForGuest(error: unknown): { name: string; message: string; code?: string } {
  if (error instanceof Refusal) return { name: error.name, code: error.code, message: error.message };
  if (error instanceof Error)
    return { name: GUEST_ERRORS.has(error.name) ? error.name : "Error", message: error.message };
  return { name: "Error", message: String(error) };
}

const GUEST_ERRORS = new Set(["TypeError", "RangeError", "SyntaxError", "URIError"]);

function exactBuffer(bytes: Uint8Array): ArrayBufferLike {
  if (bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength) return bytes.buffer;
  return bytes.slice().buffer;
}

/** A text from the guest's arguments. */
export function textOf(input: Record<string, unknown>, key: string): string {
  const value = input[key];
  if (typeof value !== "string") throw new Refusal("TypeError", "ERR_INVALID_ARG_TYPE", `"${key}" must be a string`);
  return value;
}

/** A finite number from the guest's arguments; `otherwise` for anything else. */
export function numberOf(input: Record<string, unknown>, key: string, otherwise: number): number {
  const value = input[key];
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}
