import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS, verdictOf } from "#engine/index.ts";
import type { CommandKind } from "#schema/cell.ts";
import { STATES, type State } from "#schema/state.ts";
import { readSteeringTable, steeringTable, type Verdict } from "./steering-table.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "steering.md"), "utf8");

/** What the engine says of a pair. */
function engineVerdict(command: CommandKind, state: State): Verdict {
  const verdict = verdictOf(command, state);
  return verdict === "refused" ? COMMANDS[command].status : verdict;
}

test("[K5] the page says of each command in each state what the engine does", () => {
  expect(page).toContain(steeringTable(engineVerdict));
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
