import type { LogLine } from "#schema/log.ts";
import type { Level } from "#schema/state.ts";
import { LEVELS } from "#schema/state.ts";
import { type AnsiPiece, parseAnsi } from "../model/ansi.ts";
import { countRows, filterLogs, logText, markHits, type NumberedLine, type Span } from "../model/logs.ts";
import { readAddress, writeAddress } from "./address.ts";

/** The log as the reader has narrowed it; the filters are in the address. Lines only ever come at the end. */
export class LogView {
  readonly levels = LEVELS;
  readonly #pairs = $derived(readAddress());
  readonly level = $derived<Level>(LEVELS.find((level) => level === this.#first("level")) ?? "TRACE");
  readonly text = $derived(this.#first("q"));
  readonly task = $derived(this.#first("task"));
  readonly taskRun = $derived(this.#first("taskRun"));
  readonly narrowed = $derived(this.level !== "TRACE" || this.text !== "" || this.task !== "" || this.taskRun !== "");
  follow = $state(true);
  wrap = $state(true);
  readonly #lines: () => readonly LogLine[];
  readonly #count: () => number;

  constructor(lines: () => readonly LogLine[], count: () => number) {
    this.#lines = lines;
    this.#count = count;
  }

  readonly shown = $derived.by((): readonly NumberedLine[] => {
    this.#count();
    return filterLogs(this.#lines(), {
      level: this.level,
      text: this.text,
      ...(this.task === "" ? {} : { taskId: this.task }),
      ...(this.taskRun === "" ? {} : { taskRunId: this.taskRun }),
    });
  });
  readonly tasks = $derived.by(() => {
    this.#count();
    return [...new Set(this.#lines().flatMap(({ taskId }) => (taskId === undefined ? [] : [taskId])))];
  });

  change(change: { level?: Level; text?: string; task?: string; taskRun?: string }): void {
    const { level = this.level, text = this.text, task = this.task, taskRun = this.taskRun } = change;
    const pairs: [string, string][] = [];
    if (level !== "TRACE") pairs.push(["level", level]);
    if (text !== "") pairs.push(["q", text]);
    if (task !== "") pairs.push(["task", task]);
    if (taskRun !== "") pairs.push(["taskRun", taskRun]);
    writeAddress(pairs);
  }

  /** What is shown, as text. */
  get asText(): string {
    return logText(this.shown.map(({ line }) => line));
  }

  #first(name: string): string {
    return this.#pairs.find(([key]) => key === name)?.[1] ?? "";
  }
}

export type LogPiece = Omit<AnsiPiece, "text"> & { spans: readonly Span[] };

/** The coloured pieces of a message with what was searched for marked. */
export function logPieces(text: string, needle: string): readonly LogPiece[] {
  return parseAnsi(text).map(({ text: part, ...style }) => ({ ...style, spans: markHits(part, needle) }));
}

export { countRows };
