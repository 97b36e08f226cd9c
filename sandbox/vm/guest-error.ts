// From what the guest threw to what the user reads.
import type { ScriptErrorCode } from "./contract.ts";
import { ScriptFailure } from "./failure.ts";

const MAX_FRAMES = 12;

/** What the guest's `describe` tells of a value that was thrown. */
export interface ThrownValue {
  name: string;
  message: string;
  stack: string;
  code: string;
}

/** Where the script's own text starts in its first line, after what was put before it. */
export interface MainText {
  fileName: string;
  headLength: number;
}

const OWN_CODES = new Map<string, ScriptErrorCode>([
  ["NOT_SUPPORTED", "NOT_SUPPORTED"],
  ["NotSupportedError", "NOT_SUPPORTED"],
  ["MODULE_NOT_FOUND", "MODULE_NOT_FOUND"],
  ["ModuleNotFoundError", "MODULE_NOT_FOUND"],
  ["FETCH_LIMIT", "FETCH_LIMIT"],
  ["FILE_LIMIT", "FILE_LIMIT"],
]);

export function parseThrown(json: string): ThrownValue {
  const told: Partial<ThrownValue> = JSON.parse(json);
  return { name: told.name ?? "", message: told.message ?? "", stack: told.stack ?? "", code: told.code ?? "" };
}

/** The failure for an error that nobody caught. `otherwise` is the code when the error itself has none that we know. */
export function toFailure(thrown: ThrownValue, main: MainText, otherwise: ScriptErrorCode): ScriptFailure {
  const own = OWN_CODES.get(thrown.code) ?? OWN_CODES.get(thrown.name);
  const code = own ?? (isSyntaxError(thrown) ? "SYNTAX" : otherwise);
  const message = own || thrown.name === "" ? thrown.message : `${thrown.name}: ${thrown.message}`;
  return new ScriptFailure(code, message, readableStack(thrown.stack, main));
}

/** The engine throws these of its own accord, with nothing but the text to tell them apart. */
export function engineLimit(thrown: ThrownValue): "MEMORY_LIMIT" | "STACK_LIMIT" | undefined {
  if (thrown.name !== "InternalError") return undefined;
  if (/out of memory|string too long/.test(thrown.message)) return "MEMORY_LIMIT";
  return thrown.message.includes("stack overflow") ? "STACK_LIMIT" : undefined;
}

/** Frames of the script's own files, with the columns that the user's editor shows. */
export function readableStack(stack: string, { fileName, headLength }: MainText): string {
  const frames = stack.split("\n").filter((line) => line.trim() !== "" && !/<sandbox>|<input>|\(native\)/.test(line));
  const firstLine = `${fileName}:1:`;
  return frames
    .slice(0, MAX_FRAMES)
    .map((line) => {
      const at = line.indexOf(firstLine);
      if (at < 0) return line;
      const from = at + firstLine.length;
      return (
        line.slice(0, from) +
        line.slice(from).replace(/^\d+/, (column) => String(Math.max(1, Number(column) - headLength)))
      );
    })
    .join("\n");
}

/** A text that does not compile has one frame, and that one is not in a function. */
function isSyntaxError({ name, stack }: ThrownValue): boolean {
  return name === "SyntaxError" && /^\s*(at [^()\n]+)?\s*$/.test(stack);
}
