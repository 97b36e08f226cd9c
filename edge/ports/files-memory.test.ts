import { describe } from "vitest";
import { filesContract } from "#test/contract/files.ts";
import { createMemoryFiles } from "./files-memory.ts";

describe("files in memory", () => {
  filesContract(() => createMemoryFiles(() => Date.now()));
});
