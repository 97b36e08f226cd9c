import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe } from "vitest";
import { createDiskService } from "#test/contract/disk-service.ts";
import { filesContract } from "#test/contract/files.ts";
import { createDiskFiles } from "./files-disk.ts";

const root = mkdtempSync(join(tmpdir(), "windhover-files-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("files on the disk service", () => {
  filesContract(() => createDiskFiles(createDiskService(mkdtempSync(join(root, "f-")))));
});
