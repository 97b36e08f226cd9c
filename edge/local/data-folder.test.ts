import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DataFolder, encryptionKeys, openDataFolder } from "./data-folder.ts";

let folder: DataFolder;
beforeEach(() => {
  folder = openDataFolder(mkdtempSync(join(tmpdir(), "windhover-data-")));
});
afterEach(() => rmSync(folder.root, { recursive: true, force: true }));

test("the encryption key is made once and kept, for its owner alone", () => {
  const keys = encryptionKeys(folder, { fresh: false });
  expect(keys).toMatch(/^k1:[A-Za-z0-9+/]{43}=$/);
  expect(encryptionKeys(folder, { fresh: false })).toBe(keys);
  expect(statSync(join(folder.root, "encryption-keys")).mode & 0o777).toBe(0o600);
});

test("a new key goes in front of the older ones, which stay", () => {
  const first = encryptionKeys(folder, { fresh: false });
  const second = encryptionKeys(folder, { fresh: true });
  expect(second).toMatch(/^k2:/);
  expect(second.endsWith(`,${first}`)).toBe(true);
  expect(readFileSync(join(folder.root, "encryption-keys"), "utf8").trim().split("\n")).toEqual(second.split(","));
});
