// What a record costs on its way through tasks that convert and filter files: no storage, no network.
import { encodeUtf8 } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import { MemoryContext } from "#tasks/memory-context.ts";
import { registry } from "#tasks/registry.ts";
import { runTask } from "#tasks/run-definition.ts";
import type { MicroResult } from "./micro.ts";
import { median, spread } from "./stats.ts";

const ROWS = 20_000;
const BATCHES = 5;
const CHUNK_BYTES = 65_536;
const FILE = "kestra:///records";

const row = (index: number) => ({
  id: index,
  name: `name ${index}`,
  total: index % 1_000,
  note: "some words, and more",
});
const csv = () => `id,name,total,note\n${Array.from({ length: ROWS }, (_, index) => csvRow(index)).join("\n")}\n`;
const csvRow = (index: number) => `${index},name ${index},${index % 1_000},"some words, and more"`;
const jsonLines = () => Array.from({ length: ROWS }, (_, index) => `${JSON.stringify(row(index))}\n`).join("");

const TASKS: readonly [name: string, type: string, file: () => string, properties: JsonObject][] = [
  ["FilterItems", "core.storage.FilterItems", jsonLines, { filterCondition: "{{ total > 500 }}" }],
  ["CsvToIon", "serdes.csv.CsvToIon", csv, {}],
  ["IonToCsv", "serdes.csv.IonToCsv", jsonLines, {}],
  ["JsonToIon", "serdes.json.JsonToIon", jsonLines, {}],
  ["IonToJson", "serdes.json.IonToJson", jsonLines, {}],
];

/** Microseconds for a record; its inverse is records a second. */
export async function recordCosts(): Promise<MicroResult[]> {
  const results: MicroResult[] = [];
  for (const [name, type, file, properties] of TASKS) {
    const task = registry.task(`io.kestra.plugin.${type}`);
    if (task === undefined) throw new Error(`There is no task ${type}`);
    const body = encodeUtf8(file());
    const costs: number[] = [];
    // The first batch only warms up.
    for (let batch = -1; batch < BATCHES; batch++) {
      const ctx = new MemoryContext();
      ctx.chunkBytes = CHUNK_BYTES;
      ctx.stored.set(FILE, body);
      const startMs = performance.now();
      await runTask(task, { from: FILE, ...properties }, ctx);
      if (batch >= 0) costs.push(((performance.now() - startMs) * 1_000) / ROWS);
    }
    results.push({ name: `${name}, a record of 4 fields`, us: median(costs), spread: spread(costs) });
  }
  return results;
}
