import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { parseFlow } from "#flow/parse-flow.ts";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import { flowForEachItem } from "./flow-for-each-item.ts";
import { flowForEachItemMergeOutputs } from "./flow-for-each-item-merge-outputs.ts";
import { flowForEachItemSplit } from "./flow-for-each-item-split.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";
import { type Splitting, splitLines } from "./split-lines.ts";

const URI = "kestra:///a/items.csv";

describe("splitting", () => {
  let context: MemoryContext;
  beforeEach(() => {
    context = new MemoryContext();
  });

  async function split(text: string, splitting: Partial<Splitting> & object): Promise<string[]> {
    context.stored.set(URI, encodeUtf8(text));
    const nameOf = (number: number) => `b${number}`;
    const count = await splitLines(context.files, URI, nameOf, { separator: "\n", ...splitting } as Splitting);
    return Array.from({ length: count }, (_, number) =>
      decodeText(context.stored.get(`kestra:///task/b${number}`) ?? new Uint8Array()),
    );
  }

  test("[P1] by rows: the last batch has what is left", async () => {
    expect(await split("a\nb\r\nc\nd\ne", { rows: 2 })).toEqual(["a\nb\n", "c\nd\n", "e\n"]);
  });

  test("[P1] by bytes: a batch is never larger, but for a line that is", async () => {
    expect(await split("aa\nbb\nccccccc\nd\n", { bytes: 6 })).toEqual(["aa\nbb\n", "ccccccc\n", "d\n"]);
  });

  test("[P1] by partitions: lines are dealt out in turn, and no batch is empty", async () => {
    expect(await split("a\nb\nc\nd\n", { partitions: 3 })).toEqual(["a\nd\n", "b\n", "c\n"]);
    expect(await split("a\nb\n", { partitions: 5 })).toEqual(["a\n", "b\n"]);
  });

  test("the separator ends each line", async () => {
    expect(await split("a\nb\nc", { rows: 2, separator: "\r\n" })).toEqual(["a\r\nb\r\n", "c\r\n"]);
  });

  test("nothing gives nothing", async () => {
    for (const splitting of [{ rows: 2 }, { bytes: 3 }, { partitions: 2 }])
      expect(await split("", splitting)).toEqual([]);
  });

  test("[P1] every line is in one batch, in order, however the chunks fall", async () => {
    const splitting = fc.oneof(
      fc.record({ rows: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ bytes: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ partitions: fc.integer({ min: 1, max: 4 }) }),
    );
    const line = fc.string({ maxLength: 6 }).map((text) => text.replaceAll(/[\r\n]/g, "x"));
    await fc.assert(
      fc.asyncProperty(fc.array(line), splitting, fc.integer({ min: 1, max: 9 }), async (lines, how, chunkBytes) => {
        context.chunkBytes = chunkBytes;
        const batches = await split(lines.map((text) => `${text}\n`).join(""), how);
        const seen = batches.map((batch) => batch.split("\n").slice(0, -1));
        if ("partitions" in how)
          expect(seen).toEqual(
            Array.from({ length: Math.min(how.partitions, lines.length) }, (_, number) =>
              lines.filter((_, row) => row % how.partitions === number),
            ),
          );
        else expect(seen.flat()).toEqual(lines);
        if ("rows" in how) expect(seen.slice(0, -1).every((batch) => batch.length === how.rows)).toBe(true);
        if ("bytes" in how)
          expect(batches.every((batch, at) => seen[at]?.length === 1 || encodeUtf8(batch).length <= how.bytes)).toBe(
            true,
          );
      }),
      { numRuns: 200 },
    );
  });

  test.for([
    ["rows", { rows: 400_000 }],
    ["partitions", { partitions: 3 }],
    ["one partition", { partitions: 1 }],
  ] as const)("a hundred megabytes by %s are never held whole", { timeout: 60_000 }, async ([, splitting]) => {
    const line = encodeUtf8(`${"x".repeat(99)}\n`);
    const chunk = new Uint8Array(65_500).map((_, at) => line[at % 100] ?? 0);
    const chunks = 1_600;
    let stored = 0;
    let held = 0;
    const keep = (bytes: number) => {
      held = Math.max(held, bytes);
      stored += bytes;
    };
    const files = {
      ...context.files,
      async *open() {
        for (let n = 0; n < chunks; n++) yield chunk;
      },
      async store(name: string, parts: AsyncIterable<Uint8Array>) {
        for await (const part of parts) keep(part.length);
        return name;
      },
      async put(name: string, body: Uint8Array) {
        keep(body.length);
        return name;
      },
    };
    await splitLines(files, URI, String, { separator: "\n", ...splitting });
    expect(stored).toBe(chunk.length * chunks);
    expect(held).toBeLessThan(17_000_000);
  });
});

describe("the split task", () => {
  const run = (properties: object, context: MemoryContext) =>
    runTask(flowForEachItemSplit, { items: URI, ...properties } as never, context);

  test("writes the batches and the list of their URIs, one row a batch by default", async () => {
    const context = new MemoryContext();
    context.stored.set(URI, encodeUtf8("a\nb\n"));
    const { outputs } = await run({}, context);
    expect(outputs).toEqual({
      splits: "kestra:///task/splits.txt",
      numberOfBatches: 2,
      batches: "kestra:///task/batch-*.csv",
      outputs: "kestra:///task/outputs/*.ion",
    });
    const list = decodeText(await context.files.get("kestra:///task/splits.txt"));
    expect(list).toBe("kestra:///task/batch-0.csv\nkestra:///task/batch-1.csv\n");
    expect(decodeText(await context.files.get("kestra:///task/batch-1.csv"))).toBe("b\n");
  });

  test("bytes win over partitions, partitions over rows", async () => {
    const context = new MemoryContext();
    context.stored.set(URI, encodeUtf8("a\nb\nc\nd\n"));
    const count = async (batch: object) => (await run({ batch }, context)).outputs?.numberOfBatches;
    expect(await count({ rows: 4, partitions: "2" })).toBe(2);
    expect(await count({ rows: 4, partitions: 2, bytes: "1 KB" })).toBe(1);
    expect(await count({ bytes: "2" })).toBe(4);
  });

  test("refuses what is no file and what is no size", async () => {
    const context = new MemoryContext();
    const elsewhere = "Unable to split the items from https://x/y, this is not an internal storage URI!";
    await expect(run({ items: "https://x/y" }, context)).rejects.toThrow(elsewhere);
    await expect(run({ batch: { bytes: "ten" } }, context)).rejects.toThrow("a size such as 10MB");
  });
});

describe("the merge task", () => {
  test("joins the outputs in the order of the batches", async () => {
    const context = new MemoryContext();
    for (const number of [2, 0, 1])
      context.stored.set(`kestra:///task/outputs/000000${number}.ion`, encodeUtf8(`{"n":${number}}\n`));
    const { outputs } = await runTask(
      flowForEachItemMergeOutputs,
      { outputs: "kestra:///task/outputs/*.ion" },
      context,
    );
    expect(outputs).toEqual({ subflowOutputs: "kestra:///task/outputs.ion" });
    expect(decodeText(await context.files.get("kestra:///task/outputs.ion"))).toBe('{"n":0}\n{"n":1}\n{"n":2}\n');
  });

  test("gives nothing when there are none", async () => {
    const properties = { outputs: "kestra:///none/outputs/*.ion" };
    expect(await runTask(flowForEachItemMergeOutputs, properties, new MemoryContext())).toEqual({});
  });
});

describe("in a flow", () => {
  const flow = (task: string) => parseFlow(`id: f\nnamespace: a.b\ntasks:\n${task}`, registry);
  const each = "  - {id: each, type: io.kestra.plugin.core.flow.ForEachItem, items: x, namespace: a.b, flowId: ";

  test("it becomes three tasks, whose ids are taken", () => {
    const tasks = flow(`${each}g}\n`).flow?.tasks[0]?.lists.tasks;
    expect(tasks?.map(({ id }) => id)).toEqual(["each_split", "each_items", "each_merge"]);
    const twice = flow(`${each}g}\n  - {id: each_items, type: io.kestra.plugin.core.log.Log, message: m}\n`);
    expect(twice.problems).toMatchObject([{ code: "DUPLICATE_ID" }]);
  });

  test("nobody writes its parts", () => {
    const { problems } = flow("  - {id: a, type: io.kestra.plugin.core.flow.ForEachItem$ForEachItemSplit, items: x}\n");
    expect(problems).toMatchObject([{ code: "UNKNOWN_TYPE" }]);
    expect(problems[0]?.message).toContain("write that instead");
    expect(registry.tasks.filter(({ internal }) => internal)).toEqual([]);
  });

  test("a flow that calls itself is refused", () => {
    expect(flow(`${each}f}\n`).problems).toMatchObject([{ code: "CYCLE", message: "Recursive call to flow [a.b.f]" }]);
  });

  test("what is missing is said", () => {
    const { problems } = flow(`  - {id: each, type: ${flowForEachItem.type}, batch: {rows: 0}}\n`);
    expect(problems.map(({ path }) => path).sort()).toEqual([
      "tasks[0].batch.rows",
      "tasks[0].flowId",
      "tasks[0].items",
      "tasks[0].namespace",
    ]);
  });
});
