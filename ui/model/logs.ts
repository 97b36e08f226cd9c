import type { LogLine } from "#schema/log.ts";
import { isAtLeast, type Level } from "#schema/state.ts";
import { stripAnsi } from "./ansi.ts";

export type LogFilter = {
  level: Level;
  /** Case-insensitive, anywhere in the message; empty is no filter. */
  text: string;
  taskId?: string;
  taskRunId?: string;
};

/** A line with its number in the whole log, from 1. */
export type NumberedLine = { number: number; line: LogLine };

/** The lines that pass `filter`, in order, from index `from` of the log on. */
export function filterLogs(lines: readonly LogLine[], filter: LogFilter, from = 0): readonly NumberedLine[] {
  const needle = filter.text.trim().toLowerCase();
  const passing: NumberedLine[] = [];
  for (let index = from; index < lines.length; index++) {
    const line = lines[index];
    if (line && passes(line, filter, needle)) passing.push({ number: index + 1, line });
  }
  return passing;
}

function passes(line: LogLine, filter: LogFilter, needle: string): boolean {
  if (!isAtLeast(line.level, filter.level)) return false;
  if (filter.taskId !== undefined && line.taskId !== filter.taskId) return false;
  if (filter.taskRunId !== undefined && line.taskRunId !== filter.taskRunId) return false;
  return needle === "" || stripAnsi(line.message).toLowerCase().includes(needle);
}

export type Span = { text: string; hit: boolean };

/** `text` cut at each occurrence of `needle`, case-insensitive. */
export function markHits(text: string, needle: string): readonly Span[] {
  const wanted = needle.trim().toLowerCase();
  // Some letters change length in lower case; then positions would not fit.
  const lower = text.toLowerCase();
  if (wanted === "" || lower.length !== text.length) return [{ text, hit: false }];
  const spans: Span[] = [];
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    if (at > from) spans.push({ text: text.slice(from, at), hit: false });
    from = at + wanted.length;
    spans.push({ text: text.slice(at, from), hit: true });
  }
  if (from < text.length || spans.length === 0) spans.push({ text: text.slice(from), hit: false });
  return spans;
}

/** How many rows `message` takes when each holds `columns` characters. Never less than 1. */
export function countRows(message: string, columns: number): number {
  const plain = stripAnsi(message);
  if (plain.length <= columns && NARROW.test(plain)) return 1;
  return plain
    .split("\n")
    .reduce((rows, part) => rows + (columns > 0 ? Math.max(1, Math.ceil(displayWidth(part) / columns)) : 1), 0);
}

/** Only characters of one column each. */
const NARROW = /^[\x20-\x7e]*$/;

/** Characters of East Asian scripts and emoji take two columns. */
function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code === 9) width += 8 - (width % 8);
    else width += code >= 0x1100 && WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
  }
  return width;
}

const WIDE: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0x1f300, 0x1faff],
];

/** The log as text, one line each: `timestamp LEVEL [task] message`. */
export function logText(lines: readonly LogLine[]): string {
  return lines
    .map((line) => {
      const task = line.taskId === undefined ? "" : ` [${line.taskId}]`;
      return `${new Date(line.at).toISOString()} ${line.level.padEnd(5)}${task} ${stripAnsi(line.message)}\n`;
    })
    .join("");
}
