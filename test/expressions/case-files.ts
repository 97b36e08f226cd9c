import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CaseFile } from "./run-case.ts";

/** Every file of cases by its name without extension. */
export function caseFiles(): Record<string, CaseFile> {
  const folder = import.meta.dirname;
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    names.sort().map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(folder, name), "utf8")) as CaseFile]),
  );
}
