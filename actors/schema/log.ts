import * as z from "zod";
import type { EpochMs } from "./json.ts";
import { Level } from "./state.ts";

/** One line of a log, before it is bound to its execution. `at` in ms since 1970; `attempt` counts from 0 as in Kestra's API. */
export const LogLine = z.object({
  at: z.number(),
  level: Level,
  message: z.string(),
  taskId: z.string().optional(),
  taskRunId: z.string().optional(),
  attempt: z.int().min(0).optional(),
  thread: z.string().optional(),
});
export type LogLine = z.infer<typeof LogLine>;

/** Which lines a batch holds: those of one lease (`epoch`) of an attempt are counted from 0. The same lines may come again. */
export type LogSpan = { epoch: number; from: number };

/** Longest message kept of one log line, in UTF-16 units; the rest is cut with a mark. */
export const MAX_LOG_MESSAGE = 32_768;

export function cutMessage(message: string): string {
  return message.length <= MAX_LOG_MESSAGE
    ? message
    : `${message.slice(0, MAX_LOG_MESSAGE)}… (${message.length - MAX_LOG_MESSAGE} more characters dropped)`;
}

/** A log entry as the API shows it. */
export type LogEntry = {
  tenantId?: string;
  namespace: string;
  flowId: string;
  executionId: string;
  taskId?: string;
  taskRunId?: string;
  attemptNumber: number | null;
  timestamp: string;
  level: Level;
  thread?: string;
  message: string;
  deleted: false;
};

/** Which lines of a log are wanted: those for which all of it holds. */
export type LogFilter = { minLevel?: Level; taskRunId?: string; taskId?: string; attempt?: number };

/** Which lines are to be taken away: those of these levels, in a span of time whose end is not in it. */
export type LogSelection = { levels?: readonly Level[]; from?: EpochMs; to?: EpochMs };
