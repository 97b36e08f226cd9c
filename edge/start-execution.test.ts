import { expect, test } from "vitest";
import { maxDepthOf } from "./start-execution.ts";

test.for([
  [undefined, 25],
  ["7", 7],
  ["0", 25],
  ["many", 25],
] as const)("[I18] MAX_DEPTH %s lets executions start one another %i deep", ([text, depth]) => {
  expect(maxDepthOf(text === undefined ? {} : { MAX_DEPTH: text })).toBe(depth);
});
