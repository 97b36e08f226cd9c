import { COMMANDS, has, isCommandOn } from "./constructs.ts";

// What must happen at least once in a long run.

const FAULTS = [
  "crash before a write",
  "crash after a write",
  "crash inside start-up",
  "transaction fails before its commit",
  "transaction fails after its commit",
  "alarm lost",
  "alarm late",
  "alarm twice",
  "message lost",
  "message doubled",
  "message late",
  "call refused",
  "answer lost",
  "worker dies",
  "worker freezes past its lease",
  "worker answers twice",
  "agent dies",
  "agent freezes past its lease",
  "agent answers twice",
  "agent ignores a kill",
  "answer of another attempt",
  "answer after a kill",
  "answer after the end",
  "wrong epoch",
  "huge output",
  "lists down",
  "lists slow",
  "old news for the lists",
  "clock jumps back",
  "clock jumps forward",
  "clocks of two objects apart",
  "execution of an earlier version",
  ...(has("deletion") ? ["message to a deleted execution"] : []),
];

export const EXPECTED_FAULTS: readonly string[] = FAULTS.map((fault) => `fault ${fault}`);

const STATES = [
  "CREATED",
  "RUNNING",
  "PAUSED",
  "RETRYING",
  "KILLING",
  "SUCCESS",
  "WARNING",
  "FAILED",
  "KILLED",
  "CANCELLED",
  ...(has("slots") ? ["QUEUED"] : []),
  ...(has("breakpoints") ? ["BREAKPOINT"] : []),
  ...(has("newExecutionRetry") ? ["RETRIED"] : []),
];

/** Each command in each state. */
export const COMMAND_STATES: readonly string[] = [
  "pair a flow x save",
  ...STATES.flatMap((state) =>
    Object.keys(COMMANDS)
      .filter((command) => command !== "save" && isCommandOn(command))
      .map((command) => `pair ${state} x ${command}`),
  ),
];
