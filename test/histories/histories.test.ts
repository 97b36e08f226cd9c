import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ExecutionEvent } from "#schema/event.ts";
import { upcast } from "#schema/upcast.ts";
import { type History, replay } from "./replay.ts";

// Every file here is replayed for ever. A change that makes one fail needs a numbered flag, not a new recording.

const FOLDER = import.meta.dirname;
const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
const read = (name: string): History => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as History;

describe("a recorded execution", () => {
  test.for(names)("[I9] %s asks for what it asked for then, and ends as it did", (name) => {
    const { effects, execution, ...history } = read(name);
    const replayed = replay(history);
    expect(replayed.idle).toEqual([]);
    expect(replayed.effects).toEqual(effects);
    expect(replayed.execution).toMatchObject(execution);
  });

  test.for(names)("%s has a log that the schema of today reads, with nothing taken away", (name) => {
    for (const event of read(name).events) expect(ExecutionEvent.parse(upcast(event, 1))).toEqual(event);
  });
});

test("the recordings cover every kind of event and every kind of effect", () => {
  const events = new Set(names.flatMap((name) => read(name).events.map((event) => event.kind)));
  expect([...events].sort()).toEqual(ExecutionEvent.options.map((option) => option.shape.kind.value).sort());
  const effects = new Set(
    names.flatMap((name) =>
      read(name)
        .effects.flat()
        .map((effect) => effect.split(" ")[0]),
    ),
  );
  expect([...effects].sort()).toEqual([
    "acquire-slot",
    "cancel-task",
    "close-place",
    "evaluate-loop",
    "kill-execution",
    "kill-executions",
    "log",
    "notify-parent",
    "notify-trigger",
    "open-place",
    "release-slot",
    "render-outputs",
    "run-task",
    "start-item",
    "start-retry",
    "start-subflow",
    "wake-at",
  ]);
  expect(names.length).toBeGreaterThanOrEqual(20);
});
