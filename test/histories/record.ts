import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeUtf8 } from "#schema/bytes.ts";
import { Bench } from "#test/flows/harness.ts";
import { commandOf, workerOf } from "#test/flows/play.ts";
import { type History, replay } from "./replay.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

// node test/histories/record.ts: runs each scenario that has no recording yet through a cell and writes down its log. A recording
// is never made again: where an engine of today would give another one, the old must still replay.

async function record({ name, source, script = {}, children = [], more, act }: Scenario): Promise<History> {
  const bench = new Bench({ snapshotAfter: 4 });
  for (const child of children) bench.add(child);
  for (const [uri, text] of Object.entries(script.files ?? {})) bench.context.stored.set(uri, encodeUtf8(text));
  bench.worker = workerOf(script.answers);
  const { id } = bench.start(source, script.inputs, more);
  const live = () => bench.again({ id });
  await bench.run(100);
  await act?.(bench, live());
  await bench.run(100);
  for (const step of script.steps ?? []) {
    if ("advanceMs" in step) await bench.run(step.advanceMs);
    else bench.cell.command(live(), commandOf(step));
    await bench.run(100);
  }
  const events = bench.store.events(id, 0);
  const { effects, execution, frozen } = replay({ source, events });
  const { state, program } = live();
  if (frozen !== replay({ source: program.source, events }).frozen || state.seq !== events.length)
    throw new Error(`${name}: the cell is not where its log leads`);
  return { name, source, events, effects, execution };
}

for (const scenario of SCENARIOS) {
  const path = join(import.meta.dirname, `${scenario.name}.json`);
  if (existsSync(path)) continue;
  const history = await record(scenario);
  writeFileSync(path, `${JSON.stringify(history, null, 1)}\n`);
  console.log(`${scenario.name}: ${history.events.length} events, ${history.execution.state.current}`);
}
