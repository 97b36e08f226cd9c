import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { CommandKind } from "#schema/cell.ts";
import { STATES, type State } from "#schema/state.ts";
import { readSteeringTable, steeringTable, type Verdict } from "./steering-table.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "steering.md"), "utf8");

test("the page says what each command means in each state of an execution, and nothing else", () => {
  const told = readSteeringTable(page);
  const verdict = (command: CommandKind, state: State): Verdict => {
    const found = told(command, state);
    if (found === undefined) throw new Error(`docs/steering.md says nothing of ${command} in ${state}`);
    return found;
  };
  expect(page).toContain(steeringTable(verdict));
});

test("a table reads back as it was written", () => {
  const verdicts: Verdict[] = ["taken", "kept", 409, 422];
  const verdict = (command: CommandKind, state: State) =>
    verdicts[(command.length + STATES.indexOf(state)) % verdicts.length] ?? 404;
  const read = readSteeringTable(`# Page\n\n${steeringTable(verdict)}\n\ntext`);
  expect(read("kill", "RUNNING")).toBe(verdict("kill", "RUNNING"));
  expect(read("resume-from-breakpoint", "RETRIED")).toBe(verdict("resume-from-breakpoint", "RETRIED"));
  expect(read("kill", "SKIPPED")).toBeUndefined();
  expect(readSteeringTable("nothing")("kill", "RUNNING")).toBeUndefined();
});
