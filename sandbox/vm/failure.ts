import type { Limits, ScriptError, ScriptErrorCode } from "./contract.ts";

/** The one cure for all that the sandbox cannot do. */
export const MOVE_TO_AGENT =
  "set `containerImage` or `taskRunner: {type: io.kestra.plugin.core.runner.Process}` to run it on an agent";

/** Ends a run. Thrown on the host side only; the guest never sees it. */
export class ScriptFailure extends Error {
  readonly code: ScriptErrorCode;
  readonly guestStack: string | undefined;

  constructor(code: ScriptErrorCode, message: string, guestStack?: string) {
    super(message);
    this.code = code;
    this.guestStack = guestStack;
  }

  toError(): ScriptError {
    return { code: this.code, message: this.message, ...(this.guestStack && { stack: this.guestStack }) };
  }
}

/** Refuses one call of the guest, which may catch it. `name` is the error's class, `code` what node calls it. */
export class Refusal extends Error {
  override readonly name: string;
  readonly code: string;

  constructor(name: string, code: string, message: string) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

export type LimitCode =
  | "CPU_LIMIT"
  | "MEMORY_LIMIT"
  | "STACK_LIMIT"
  | "OUTPUT_LIMIT"
  | "FILE_LIMIT"
  | "JOB_LIMIT"
  | "FETCH_LIMIT"
  | "TIME_LIMIT";

/** What was exceeded, the limit, and the cure. */
export function limitMessage(code: LimitCode, limits: Limits): string {
  return `${WHAT[code](limits)}; ${code === "OUTPUT_LIMIT" ? `print less or write files, or ${MOVE_TO_AGENT}` : MOVE_TO_AGENT}`;
}

const WHAT: Record<LimitCode, (limits: Limits) => string> = {
  CPU_LIMIT: ({ interrupts }) => `The script used more than its CPU budget of ${interrupts} units of 10,000 steps`,
  MEMORY_LIMIT: ({ memoryBytes }) => `The script needs more memory than its limit of ${mebibytes(memoryBytes)}`,
  STACK_LIMIT: ({ stackBytes }) =>
    `The script calls itself, or nests values, deeper than its stack of ${Math.floor(stackBytes / 1024)} KiB`,
  OUTPUT_LIMIT: ({ outputBytes }) => `The script printed and returned more than its limit of ${mebibytes(outputBytes)}`,
  FILE_LIMIT: ({ fileBytes }) => `The files of the script are larger than their limit of ${mebibytes(fileBytes)}`,
  JOB_LIMIT: ({ pendingJobs }) =>
    `The script ran more than ${pendingJobs} promise jobs without waiting for a timer or an answer`,
  FETCH_LIMIT: ({ fetches }) => `The script sent more than its limit of ${fetches} requests`,
  TIME_LIMIT: ({ wallMs }) => `The script took longer than its limit of ${wallMs / 1000} seconds`,
};

function mebibytes(bytes: number): string {
  return `${Number((bytes / 1_048_576).toFixed(2))} MiB`;
}
