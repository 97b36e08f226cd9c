import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { MAX_OUTPUT_CHARACTERS, markerOf, markersIn, STORED_KEY, type Stored } from "#schema/stored.ts";
import { createDiskService } from "#test/contract/disk-service.ts";
import { valuesFolder } from "./ports/file-path.ts";
import type { Files } from "./ports/files.ts";
import { createDiskFiles } from "./ports/files-disk.ts";
import {
  adoptFork,
  adoptOutputs,
  keepValues,
  keptAnswer,
  MAX_SHOWN_CHARACTERS,
  readValue,
  ShownValues,
  showingValues,
} from "./values.ts";

const placeOf = (executionId: string) => ({ tenant: "main", namespace: "a.b", flowId: "f", executionId });
const HERE = placeOf("here");
const THERE = placeOf("there");
let dir: string;
let files: Files;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "windhover-values-"));
  files = createDiskFiles(createDiskService(dir));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function kept(value: Json, place = HERE): Promise<Stored> {
  const [stored] = await keepValues(files, place, "0:1", [JSON.stringify(value)]);
  if (stored === undefined) throw new Error("nothing kept");
  return stored;
}

/** An execution of these outputs of its only task. */
function executionOf(outputs: JsonObject, ofFlow: JsonObject = {}): ExecutionJson {
  const run = { id: "r", taskId: "t", outputs } as never;
  return { id: "here", tenantId: "main", namespace: "a.b", flowId: "f", taskRunList: [run], outputs: ofFlow } as never;
}

test("the same text of the same effect is one file, another text is another", async () => {
  expect(await kept("a")).toEqual(await kept("a"));
  await kept("b");
  expect((await files.list(valuesFolder(HERE))).length).toBe(2);
});

test("[W2] a value is read by its own execution alone", async () => {
  const { uri } = await kept({ a: 1 });
  expect(await readValue(files, HERE, uri)).toEqual({ a: 1 });
  expect(await readValue(files, THERE, uri)).toBeUndefined();
  expect(await readValue(files, { ...HERE, tenant: "other" }, uri)).toBeUndefined();
  for (const other of ["kestra:///a/b/f/executions/here/inputs/x", "kestra:///a/b/f/executions/here/values/none", "x"])
    expect(await readValue(files, HERE, other)).toBeUndefined();
});

test("[I22] an answer at the cap is kept, one character more fails its task and says what to do", async () => {
  const ofLength = (length: number) => ({ a: "x".repeat(length - '{"a":""}'.length) });
  const state = "SUCCESS" as const;
  const atCap = await keptAnswer(files, HERE, "0:1", { state, outputs: ofLength(MAX_OUTPUT_CHARACTERS) });
  expect([atCap.state, markersIn(atCap.outputs).length]).toEqual(["SUCCESS", 1]);
  expect(await keptAnswer(files, HERE, "0:1", { state, outputs: ofLength(MAX_OUTPUT_CHARACTERS + 1) })).toEqual({
    state: "FAILED",
    error: expect.stringContaining("write large values to a file"),
  });
});

test("an answer waits for the storage to come back, and is lost when it does not", async () => {
  let failures = 2;
  const flaky: Files = {
    ...files,
    put: (...args) => (failures-- > 0 ? Promise.reject(new Error("away")) : files.put(...args)),
  };
  const answer = { state: "SUCCESS" as const, outputs: { a: "x".repeat(70_000) } };
  expect(markersIn((await keptAnswer(flaky, HERE, "0:1", answer)).outputs).length).toBe(1);
  failures = 9;
  await expect(keptAnswer(flaky, HERE, "0:1", answer)).rejects.toThrow("away");
});

test("[W2] what is taken over is copied, and what is gone stays a marker", async () => {
  const first = await kept("one", THERE);
  const second = await kept("two", THERE);
  await files.delete(`main/a/b/f/executions/there/values/${second.uri.split("/").at(-1)}` as never);
  const outputs = { a: markerOf(first), deep: { b: markerOf(second) }, c: 1 };
  const adopted = await adoptOutputs(files, THERE, HERE, outputs);
  const [mine, gone] = markersIn(adopted);
  expect(adopted).toMatchObject({ c: 1 });
  expect([await readValue(files, HERE, mine?.uri ?? ""), gone]).toEqual(["one", second]);
  await files.deleteFolder(valuesFolder(THERE));
  expect(await readValue(files, HERE, mine?.uri ?? "")).toBe("one");
});

test("a fork takes over its task runs' values, and keeps what it is given instead", async () => {
  const stored = await kept("one", THERE);
  const run = {
    taskId: "t",
    parent: -1,
    stage: "main",
    lane: 0,
    state: "SUCCESS",
    histories: [],
    attempts: [],
  } as const;
  const runs = [{ ...run, histories: [], attempts: [], outputs: { v: markerOf(stored) } }];
  const made = await adoptFork(files, THERE, HERE, {
    executionId: "there",
    runs,
    from: "failed",
    outputs: { 0: { big: "x".repeat(70_000) }, 1: { [STORED_KEY]: { uri: stored.uri, size: 1 } } },
  });
  if ("message" in made) throw new Error(made.message);
  const markers = markersIn([made.fork.runs[0]?.outputs, made.fork.outputs]);
  expect(markers.length).toBe(3);
  const values = await Promise.all(markers.map(({ uri }) => readValue(files, HERE, uri)));
  expect(values).toEqual(["one", "x".repeat(70_000), { [STORED_KEY]: { uri: stored.uri, size: 1 } }]);
});

test("an execution is shown with its values up to a limit, beyond it with their addresses", async () => {
  const small = await kept("small");
  const large = { uri: (await kept("large")).uri, size: MAX_SHOWN_CHARACTERS };
  const gone = { uri: "kestra:///a/b/f/executions/here/values/none.json", size: 9 };
  const outputs = { a: markerOf(small), b: { c: [markerOf(large)] }, d: markerOf(gone), e: 1 };
  const shown = await new ShownValues(files).shown(executionOf(outputs, { o: markerOf(small) }));
  expect(shown.taskRunList?.[0]?.outputs).toEqual({
    a: "small",
    b: { c: [{ stored: large }] },
    d: { stored: gone },
    e: 1,
  });
  expect(shown.outputs).toEqual({ o: "small" });
  const plain = executionOf({ a: 1 });
  expect(await new ShownValues(files).shown(plain)).toBe(plain);
});

test("who follows is sent the values too, however the bytes are cut", async () => {
  const execution = executionOf({ a: markerOf(await kept("é\n")) });
  const text = `: ping\n\nid: progress\ndata: ${JSON.stringify(execution)}\n\nid: end\ndata: ${JSON.stringify({ é: 1 })}\n\n`;
  const bytes = new TextEncoder().encode(text);
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.slice(at, at + 7));
      controller.close();
    },
  });
  const sent = await new Response(pieces.pipeThrough(showingValues(new ShownValues(files)))).text();
  const wanted = JSON.stringify(executionOf({ a: "é\n" }));
  expect(sent).toBe(`: ping\n\nid: progress\ndata: ${wanted}\n\nid: end\ndata: ${JSON.stringify({ é: 1 })}\n\n`);
});
