import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeTempFiles } from "./temp-files.ts";

test("half an upload of a killed runtime goes, everything else and what is newer stays", async () => {
  const root = mkdtempSync(join(tmpdir(), "windhover-temp-"));
  mkdirSync(join(root, "a", "b"), { recursive: true });
  for (const name of [".x.txt.31475.13.tmp", "x.txt", "~.env", "x.1.2.tmp", ".x.tmp"])
    writeFileSync(join(root, "a", "b", name), "x");
  expect(await removeTempFiles(root, Date.now() - 60_000)).toBe(0);
  expect(await removeTempFiles(root, Date.now() + 60_000)).toBe(1);
  expect(readdirSync(join(root, "a", "b")).sort()).toEqual([".x.tmp", "x.1.2.tmp", "x.txt", "~.env"]);
  expect(await removeTempFiles(join(root, "nothing"), Date.now())).toBe(0);
  rmSync(root, { recursive: true });
});
