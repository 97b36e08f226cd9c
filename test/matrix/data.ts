import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { caseFiles } from "../expressions/case-files.ts";
import type { History } from "../histories/replay.ts";
import type { MatrixData } from "./spec.ts";

const TEST = join(import.meta.dirname, "..");
const readJson = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const filesOf = (folder: string, extension: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort();

/** Not flows: what a parser must say the same about everywhere, too. */
const BROKEN: Record<string, string> = {
  empty: "",
  "no map": "- a",
  "no tasks": "id: x\nnamespace: a.b\n",
  "bad type": "id: x\nnamespace: a.b\ntasks:\n  - {id: a, type: io.kestra.plugin.core.log.Lgo, message: x}\n",
  "bad property": "id: x\nnamespace: a.b\ntasks:\n  - {id: a, type: io.kestra.plugin.core.log.Log, mesage: x}\n",
  "bad YAML": "id: x\n  y: [1,\n",
  "same id": "id: x\nnamespace: a.b\ntasks:\n  - &a {id: a, type: io.kestra.plugin.core.log.Log, message: x}\n  - *a\n",
  unicode:
    "id: x\nnamespace: a.b\ndescription: 'Ünï 🪁 \\u2028'\ntasks:\n  - {id: a, type: io.kestra.plugin.core.log.Log, message: '🪁'}\n",
};

/** Everything there is to compare, from the files. */
export function matrixData(): MatrixData {
  const histories = join(TEST, "histories");
  const examples = join(TEST, "../examples");
  const flows = join(TEST, "flows");
  const sources = (folder: string) =>
    filesOf(folder, ".yaml").map((name): [string, string] => [name, readFileSync(join(folder, name), "utf8")]);
  return {
    histories: filesOf(histories, ".json").map((name) => readJson(join(histories, name)) as History),
    flows: { ...Object.fromEntries([...sources(examples), ...sources(flows)]), ...BROKEN },
    expressions: caseFiles(),
    schedules: ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"].flatMap((timeZone) =>
      ["*/15 * * * *", "30 2 * * *", "0 0 31 * *", "0 9 * * MON-FRI", "@monthly"].map((cron) => ({
        cron,
        timeZone,
        from: Date.UTC(2026, 2, 28, 22),
      })),
    ),
  };
}
