import * as z from "zod";

/** States of executions and task runs, with Kestra's names. */
export const STATES = [
  "CREATED",
  "QUEUED",
  "RUNNING",
  "PAUSED",
  "RESTARTED",
  "KILLING",
  "RETRYING",
  "BREAKPOINT",
  "SUCCESS",
  "WARNING",
  "FAILED",
  "KILLED",
  "CANCELLED",
  "RETRIED",
  "SKIPPED",
] as const;
export const State = z.enum(STATES);
export type State = z.infer<typeof State>;

export const TERMINAL_STATES = ["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED", "RETRIED", "SKIPPED"] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

const terminal: ReadonlySet<State> = new Set(TERMINAL_STATES);

/** True when nothing will move this execution or task run any more, short of a command. */
export function isTerminal(state: State): state is TerminalState {
  return terminal.has(state);
}

export const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"] as const;
export const Level = z.enum(LEVELS);
export type Level = z.infer<typeof Level>;

/** True when a line of `level` is to be shown under the filter `minimum`. */
export function isAtLeast(level: Level, minimum: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(minimum);
}
