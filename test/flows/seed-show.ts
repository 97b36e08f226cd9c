import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  playSeed,
  problemsOf,
  reasonOf,
  SEEDS,
  seedExpected,
  seedNames,
  seedSource,
  seedTable,
  UNSAID,
} from "./seeds.ts";

// node test/flows/seed-show.ts [name…]: plays examples of the documentation and shows what came of them; with --write it becomes what
// is expected (of `lines` and `keyValues` only what is expected already): read the difference before committing it. With --table it
// shows the counts alone.

const names = process.argv.slice(2).filter((name) => !name.startsWith("--"));
const writes = process.argv.includes("--write");
if (process.argv.includes("--table")) console.log(seedTable());
else for (const name of names.length > 0 ? names : seedNames()) await show(name);

async function show(name: string): Promise<void> {
  const { state, tasks, values, outputs, lines, keyValues, problems: _, ...script } = seedExpected(name);
  const reason = reasonOf(name);
  if (reason !== undefined && reason !== UNSAID) {
    console.log(name, reason);
    const said = state === undefined ? {} : { state, tasks, values, outputs };
    if (writes) write(name, { ...script, problems: problemsOf(seedSource(name)), ...said });
    return;
  }
  const outcome = await playSeed(name);
  console.log(name, JSON.stringify(outcome));
  if (!writes) return;
  if (lines === undefined) delete outcome.lines;
  if (keyValues === undefined) delete outcome.keyValues;
  write(name, { ...script, ...outcome });
}

function write(name: string, expected: object): void {
  writeFileSync(join(SEEDS, `${name}.expected.json`), `${JSON.stringify(expected, null, 2)}\n`);
}
