import { afterEach, describe, expect, test, vi } from "vitest";
import { Bench } from "#test/flows/harness.ts";
import { followEvents, followExecution, followLogs, streamAll, untilSettled } from "./streams.ts";

const flow = (tasks: string) => `id: flow\nnamespace: company.team\ntasks:\n${tasks}`;
const LOG = (message: string, id = "a") =>
  `  - id: ${id}\n    type: io.kestra.plugin.core.log.Log\n    message: ${message}\n`;
const PAUSE = `  - id: p\n    type: io.kestra.plugin.core.flow.Pause\n`;
const PAUSED = flow(`${LOG("first")}${PAUSE}${LOG("second", "b")}`);
const ENDED = flow(LOG("only"));

type Message = { event?: string; id?: string; data: Record<string, unknown> };

/** Reads a stream as it comes: what is there so far, and whether it has ended. */
class Reader {
  readonly messages: Message[] = [];
  isClosed = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
    void this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) break;
      for (const block of decoder.decode(value).split("\n\n"))
        if (block !== "" && !block.startsWith(":")) this.#take(block);
    }
    this.isClosed = true;
  }

  #take(block: string): void {
    const fields = new Map(
      block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
    );
    const [event, id] = [fields.get("event"), fields.get("id")];
    this.messages.push({
      ...(event ? { event } : {}),
      ...(id ? { id } : {}),
      data: JSON.parse(fields.get("data") ?? "{}"),
    });
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => void vi.useRealTimers());

describe("following an execution, in Kestra's form", () => {
  const state = (message: Message) => (message.data.state as { current: string } | undefined)?.current;

  test("says start, progress for each change, end with the last one, and closes", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(followExecution(bench.cell, live));
    await soon();
    expect(reader.messages.map(({ id }) => id)).toEqual(["start", "progress"]);
    expect(reader.messages[0]?.data).toEqual({ id: live.id });
    bench.cell.command(live, { kind: "resume" });
    await soon();
    expect(reader.messages.map((message) => [message.id, state(message)])).toEqual([
      ["start", undefined],
      ["progress", "PAUSED"],
      ["progress", "SUCCESS"],
      ["end", "SUCCESS"],
    ]);
    expect(reader.isClosed).toBe(true);
  });

  test("of what has ended says start and end", async () => {
    const bench = new Bench();
    const reader = new Reader(followExecution(bench.cell, bench.start(ENDED)));
    await soon();
    expect([reader.messages.map(({ id }) => id), reader.isClosed]).toEqual([["start", "end"], true]);
  });

  test("is over for the cell when the reader goes", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(followExecution(bench.cell, live));
    await soon();
    await reader.leave();
    bench.cell.command(live, { kind: "resume" });
    await soon();
    expect(reader.messages).toHaveLength(2);
  });
});

describe("following logs", () => {
  const said = (reader: Reader) => reader.messages.slice(1).map(({ data }) => data.message);

  test("says what is stored, then what comes, nothing twice and nothing missing", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(followLogs(bench.cell, bench.store, live, "TRACE"));
    await soon();
    bench.cell.command(live, { kind: "resume" });
    await soon();
    expect(said(reader)).toEqual(bench.store.lines(live.id, 0).map((line) => line.message));
    expect(said(reader).filter((message) => message === "first" || message === "second")).toEqual(["first", "second"]);
    expect(reader.isClosed).toBe(false);
    await reader.leave();
  });

  test("leaves out what is below the level asked for", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(followLogs(bench.cell, bench.store, live, "WARN"));
    bench.cell.command(live, { kind: "kill", cascade: true });
    await soon();
    expect(said(reader)).toEqual(["Kill requested."]);
    await reader.leave();
  });
});

describe("following events", () => {
  const numbered = (reader: Reader) => reader.messages.filter(({ id }) => id !== undefined);

  test("gives each event under its sequence number, from where the reader was, then those to come", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(followEvents(bench.cell, bench.store, live, 1));
    await soon();
    bench.cell.command(live, { kind: "resume" });
    bench.cell.say(live, "", [{ at: 1, level: "INFO", message: "a line is no event" }]);
    await soon();
    const all = bench.store.events(live.id, 0);
    expect(numbered(reader).map(({ id, data }) => [Number(id), data])).toEqual(
      all.slice(1).map((event, index) => [index + 2, event]),
    );
    expect(reader.messages.filter(({ event }) => event === "end").map(({ data }) => data)).toEqual([
      { state: "SUCCESS" },
    ]);
    await reader.leave();
  });

  test("of what has ended says so, also to who knows every event", async () => {
    const bench = new Bench();
    const live = bench.start(ENDED);
    const reader = new Reader(followEvents(bench.cell, bench.store, live, bench.store.events(live.id, 0).length));
    await soon();
    expect(reader.messages).toEqual([{ event: "end", data: { state: "SUCCESS" } }]);
    await reader.leave();
  });
});

describe("[I8] the stream for a page that replays", () => {
  const of = (reader: Reader, event: string) => reader.messages.filter((message) => message.event === event);
  const events = (reader: Reader) => of(reader, "events").flatMap(({ data }) => data.events as { kind: string }[]);
  const lines = (reader: Reader) => of(reader, "logs").flatMap(({ data }) => data.lines as { message: string }[]);

  test("says the flow, then every event and line once, then the end", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const reader = new Reader(streamAll(bench.cell, bench.store, live, { seq: 0, line: 0 }));
    await soon();
    expect(reader.messages.map(({ event }) => event)).toEqual(["flow", "events", "logs"]);
    expect(reader.messages[0]?.data).toMatchObject({
      revision: 1,
      namespace: "company.team",
      flowId: "flow",
      source: PAUSED,
    });
    bench.cell.command(live, { kind: "resume" });
    await soon();
    expect(events(reader)).toEqual(bench.store.events(live.id, 0));
    expect(lines(reader)).toEqual(bench.store.lines(live.id, 0));
    expect(of(reader, "end").map(({ data }) => data)).toEqual([{ state: "SUCCESS" }]);
    await reader.leave();
  });

  test("goes on from any id it gave, with nothing twice and nothing missing", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const whole = new Reader(streamAll(bench.cell, bench.store, live, { seq: 0, line: 0 }));
    bench.cell.command(live, { kind: "resume" });
    await soon();
    const [all, said] = [bench.store.events(live.id, 0), bench.store.lines(live.id, 0)];
    for (const { id } of whole.messages.filter((message) => message.id !== undefined)) {
      const [seq = 0, line = 0] = (id ?? "").split(":").map(Number);
      const rest = new Reader(streamAll(bench.cell, bench.store, live, { seq, line }));
      await soon();
      expect(events(rest)).toEqual(all.slice(seq));
      expect(lines(rest)).toEqual(said.slice(line));
      expect(of(rest, "events").map(({ data }) => data.from)).toEqual(seq < all.length ? [seq] : []);
      await rest.leave();
    }
    await whole.leave();
  });

  test("says the end again after a restart's end", async () => {
    const bench = new Bench();
    const fail = `  - id: x\n    type: io.kestra.plugin.core.execution.Fail\n`;
    const live = bench.start(flow(fail));
    const reader = new Reader(streamAll(bench.cell, bench.store, live, { seq: 0, line: 0 }));
    bench.cell.command(live, { kind: "restart" });
    await soon();
    expect(of(reader, "end")).toHaveLength(2);
    await reader.leave();
  });

  test("lets a reader go that does not read, who then comes back for the rest", async () => {
    const bench = new Bench();
    const live = bench.start(PAUSED);
    const stream = streamAll(bench.cell, bench.store, live, { seq: 0, line: 0 });
    for (let count = 0; count < 1_200; count++)
      bench.cell.say(live, "", [{ at: 1, level: "INFO", message: `line ${count}` }]);
    const reader = new Reader(stream);
    for (let turn = 0; turn < 50 && !reader.isClosed; turn++) await soon();
    expect(reader.isClosed).toBe(true);
    const [, line = 0] = (reader.messages.at(-1)?.id ?? "").split(":").map(Number);
    const rest = new Reader(streamAll(bench.cell, bench.store, live, { seq: 1_000, line }));
    await soon();
    expect(lines(reader).length + lines(rest).length).toBe(bench.store.lines(live.id, 0).length);
    await rest.leave();
  });

  test("pings while nothing happens, and ends after half an hour", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    const bench = new Bench();
    const stream = streamAll(bench.cell, bench.store, bench.start(PAUSED), { seq: 0, line: 0 });
    const reader = stream.getReader();
    let text = "";
    const read = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        text += new TextDecoder().decode(next.value);
    })();
    vi.advanceTimersByTime(31 * 60_000);
    await read;
    expect(text.split(": ping").length).toBe(121);
  });
});

describe("waiting for the end", () => {
  test("is over at once for what has ended or waits for a person, later for what does not yet", async () => {
    const bench = new Bench();
    const ended = bench.start(ENDED);
    expect(await untilSettled(bench.cell, ended)).toBe(ended);
    const timed = bench.start(flow(`${PAUSE}    pauseDuration: PT1M\n`).replace("id: flow", "id: timed"));
    let settled = false;
    const wait = untilSettled(bench.cell, timed).then(() => {
      settled = true;
    });
    await soon();
    expect(settled).toBe(false);
    await bench.run(61_000);
    await wait;
    const person = bench.start(PAUSED.replace("id: flow", "id: person"));
    expect((await untilSettled(bench.cell, person)).state.status).toBe("PAUSED");
  });

  test("is over when a person pauses the execution by hand", async () => {
    const bench = new Bench();
    bench.worker = () => undefined;
    const live = bench.start(
      flow(`  - id: a\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n`),
    );
    const wait = untilSettled(bench.cell, live);
    bench.cell.command(live, { kind: "pause" });
    expect((await wait).state.status).toBe("PAUSED");
  });
});
