import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { createDiskService } from "#test/contract/disk-service.ts";
import { namespaceFilesContract } from "#test/contract/namespace-files.ts";
import { namespaceActor } from "#test/support/fake-env.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { NamespaceFiles } from "./namespace-files.ts";
import type { Files } from "./ports/files.ts";
import { createDiskFiles } from "./ports/files-disk.ts";
import { createMemoryFiles } from "./ports/files-memory.ts";

const root = mkdtempSync(join(tmpdir(), "windhover-namespace-files-"));
afterAll(() => rmSync(root, { recursive: true }));

function storeOver(storage: Files) {
  const index = namespaceActor(nodeSql(), () => Date.now());
  const files = new NamespaceFiles(storage, index, { tenant: "main", namespace: "company.team" });
  return { files, stored: async () => (await storage.page("", 1_000)).length };
}

describe("in memory", () => namespaceFilesContract(() => storeOver(createMemoryFiles(() => Date.now()))));
describe("on disk", () =>
  namespaceFilesContract(() => storeOver(createDiskFiles(createDiskService(mkdtempSync(join(root, "f-")))))));
