import type { ExecutionEvent } from "#schema/event.ts";
import { isAtLeast, isTerminal, type Level } from "#schema/state.ts";
import type { Cell, Watcher } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import type { CellStore } from "#shell/store.ts";
import { logEntry } from "./log-entry.ts";
import { shown } from "./shown.ts";

// Server-sent events about one execution: what is stored first, then what is committed, with nothing twice and nothing missing.
// A reader that falls MAX_QUEUE chunks behind, or is older than MAX_AGE_MS, is let go; it comes back and reads on.

/** A pause that ends by itself within this time is waited for by who waits for the end. */
const LONGEST_WAITED_PAUSE_MS = 60_000;
const PING_MS = 15_000;
const MAX_AGE_MS = 30 * 60_000;
const MAX_QUEUE = 1_000;

type Out = { send(text: string): void; close(): void };

function sse(open: (out: Out) => () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let isOpen = true;
        const startedAt = Date.now();
        const close = () => {
          if (!isOpen) return;
          isOpen = false;
          stop();
          try {
            controller.close();
          } catch {
            // The reader has gone already.
          }
        };
        const send = (text: string) => {
          if (!isOpen) return;
          if ((controller.desiredSize ?? 0) < -MAX_QUEUE) return close();
          try {
            controller.enqueue(encoder.encode(text));
          } catch {
            close();
          }
        };
        const ping = setInterval(() => (Date.now() - startedAt > MAX_AGE_MS ? close() : send(": ping\n\n")), PING_MS);
        let unwatch = () => {};
        stop = () => {
          clearInterval(ping);
          unwatch();
        };
        unwatch = open({ send, close });
        if (!isOpen) stop();
      },
      cancel: () => stop(),
    },
    { highWaterMark: 16 },
  );
}

function named(event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Kestra's form: `id: start`, then `id: progress` for each change, `id: end` with the last one. */
export function followExecution(cell: Cell, live: Live): ReadableStream<Uint8Array> {
  return sse((out) => {
    const tell = (id: string, current: Live) => out.send(`id: ${id}\ndata: ${JSON.stringify(cell.json(current))}\n\n`);
    out.send(`id: start\ndata: ${JSON.stringify({ id: live.id })}\n\n`);
    if (isTerminal(live.state.status)) {
      tell("end", live);
      out.close();
      return () => {};
    }
    tell("progress", live);
    return cell.watch(live.id, {
      committed(current) {
        tell("progress", current);
        if (!isTerminal(current.state.status)) return;
        tell("end", current);
        out.close();
      },
    });
  });
}

/** Stored log entries at or above `minLevel`, then live ones. Ends when the reader goes. */
export function followLogs(cell: Cell, store: CellStore, live: Live, minLevel: Level): ReadableStream<Uint8Array> {
  return sse((out) => {
    const tell: Watcher["committed"] = (current, _events, _first, lines) => {
      for (const line of lines)
        if (isAtLeast(line.level, minLevel))
          out.send(`id: progress\ndata: ${JSON.stringify(logEntry(current, line))}\n\n`);
    };
    out.send(`id: start\ndata: ${JSON.stringify({ executionId: live.id })}\n\n`);
    tell(live, [], 0, store.lines(live.id, 0), 0);
    return cell.watch(live.id, { committed: tell });
  });
}

/**
 * For a page that replays: `flow` once (source, revision, namespace, flowId), `events` ({from, events}), `logs` ({from, lines}),
 * `end` once for each time that a terminal state is reached. Event ids are `seq:line`; `after` goes on from there.
 */
export function streamAll(
  cell: Cell,
  store: CellStore,
  live: Live,
  after: { seq: number; line: number },
): ReadableStream<Uint8Array> {
  return sse((out) => {
    const { source, revision } = live.program;
    const { namespace, flowId } = live.state.facts ?? {};
    out.send(named("flow", { source, revision, namespace, flowId }));
    let saidEndAt = 0;
    const tell: Watcher["committed"] = (current, events, firstEvent, lines, firstLine) => {
      const id = `${firstEvent + events.length}:${firstLine + lines.length}`;
      if (events.length > 0)
        out.send(named("events", { from: firstEvent, events: events.map((event) => shown(current, event)) }, id));
      if (lines.length > 0) out.send(named("logs", { from: firstLine, lines }, id));
      const { status, histories } = current.state;
      if (!isTerminal(status) || histories.length === saidEndAt) return;
      saidEndAt = histories.length;
      out.send(named("end", { state: status }, id));
    };
    tell(live, store.events(live.id, after.seq), after.seq, store.lines(live.id, after.line), after.line);
    return cell.watch(live.id, { committed: tell });
  });
}

/** The event log alone: each event under its sequence number, `end` whenever a terminal state is reached. */
export function followEvents(cell: Cell, store: CellStore, live: Live, after: number): ReadableStream<Uint8Array> {
  return sse((out) => {
    const tell = (current: Live, events: readonly ExecutionEvent[], firstEvent: number): void => {
      for (const [index, event] of events.entries())
        out.send(`id: ${firstEvent + index + 1}\ndata: ${JSON.stringify(shown(current, event))}\n\n`);
      if (isTerminal(current.state.status)) out.send(named("end", { state: current.state.status }));
    };
    tell(live, store.events(live.id, after), after);
    return cell.watch(live.id, {
      committed: (current, events, firstEvent) => void (events.length > 0 && tell(current, events, firstEvent)),
    });
  });
}

/** True when nothing moves, or not for long, until somebody resumes it. */
function waitsForPerson({ state }: Live): boolean {
  if (state.status === "BREAKPOINT") return true;
  if (state.status !== "PAUSED") return false;
  if (state.held) return true;
  for (const { waiting } of state.runs)
    if (waiting?.kind === "pause" && (waiting.until ?? Number.POSITIVE_INFINITY) > state.at + LONGEST_WAITED_PAUSE_MS)
      return true;
  return false;
}

/** Resolves with the execution when it has ended, or is paused for longer than a caller waits. */
export function untilSettled(cell: Cell, live: Live): Promise<Live> {
  const isSettled = (current: Live) => isTerminal(current.state.status) || waitsForPerson(current);
  if (isSettled(live)) return Promise.resolve(live);
  return new Promise((resolve) => {
    const unwatch = cell.watch(live.id, {
      committed(current) {
        if (!isSettled(current)) return;
        unwatch();
        resolve(current);
      },
    });
  });
}
