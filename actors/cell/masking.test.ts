import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { StartRequest } from "#schema/cell.ts";
import { FakeHost, FakeWorld } from "#shell/testing.ts";
import corpus from "#test/masking/corpus.json" with { type: "json" };
import { nodeSql } from "#test/support/node-sql.ts";
import { toyVault } from "#test/support/toy-vault.ts";
import { CellRoom } from "./cell-room.ts";

// Every way on which a secret could leave an execution, in a second life of its cell: the first one was given the secrets and is gone.

const ID = "0123456789012345678900";
const SURROUNDINGS = { envs: {}, globals: {}, kestra: {} };

function requestFor(secrets: readonly string[]): StartRequest {
  const asked = secrets.map((_, index) => `{{ secret('S${index}') }}`).join(" ");
  const source = `id: flow
namespace: company.team
tasks:
  - {id: learn, type: io.kestra.plugin.core.log.Log, message: "${asked}"}
  - {id: call, type: io.kestra.plugin.core.http.Request, uri: "https://example.com/"}
`;
  return {
    id: ID,
    tenant: "main",
    namespace: "company.team",
    flowId: "flow",
    revision: 1,
    source,
    inputs: {},
    labels: [],
  };
}

/** The cell in a second life, with the job that waits for its answer. */
async function secondLife(secrets: readonly string[]) {
  const database = new DatabaseSync(":memory:");
  const host = new FakeHost();
  const world = new FakeWorld();
  world.onLookup = (_, { key }) => ({ ok: true, value: secrets[Number(String(key).slice(1))] ?? null });
  const parts = { sql: nodeSql(database), world, surroundings: SURROUNDINGS, vault: toyVault };
  await new CellRoom({ ...parts, host }).start(requestFor(secrets));
  await host.run();
  const effect = world.jobs.at(-1)?.id.slice(ID.length + 1) ?? "";
  host.die();
  return { room: new CellRoom({ ...parts, host }), database, effect };
}

describe("what an execution says after its cell has left the memory", () => {
  test.each(corpus)("[T4] $name", async ({ secrets, text, masked }) => {
    const { room, effect } = await secondLife(secrets);
    room.appendLogs(ID, effect, [{ at: 1, level: "INFO", message: text }]);
    const outputs = { value: text, deep: [{ text }], [text]: 1 };
    expect(room.answer(ID, effect, { state: "FAILED", error: text, outputs })).toBe(true);

    const lines = room.logs(ID, {})?.map(({ message }) => message) ?? [];
    expect(lines[2]).toBe(masked);
    const run = room.get(ID)?.taskRunList?.at(-1);
    expect(run?.outputs).toEqual({ value: masked, deep: [{ text: masked }], [masked]: 1 });
    const finished = room.events(ID, 0)?.events.findLast(({ kind }) => kind === "task-finished");
    expect(finished).toMatchObject({ answer: { error: masked, outputs: { value: masked } } });
  });

  test("[T4] its rows hold no secret that it has only used, and its stream shows none", async () => {
    const secret = "s3cret-Pa55word";
    const { room, database, effect } = await secondLife([secret]);
    room.answer(ID, effect, { state: "SUCCESS", outputs: { code: 200 } }, [
      { at: 1, level: "INFO", message: `token=${encodeURIComponent(secret)}` },
    ]);
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM ${String(name)}`).all());
    expect(JSON.stringify(rows)).not.toContain(secret);
    const reader = room.stream(ID)?.getReader();
    let streamed = "";
    while (!streamed.includes("event: end")) streamed += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(streamed).toContain("token=******");
    expect(streamed).not.toContain(secret);
  });

  test("who takes its values over is told which secrets are among them", async () => {
    const secret = "s3cret-Pa55word";
    const { room, effect } = await secondLife([secret]);
    room.answer(ID, effect, { state: "SUCCESS", outputs: { body: secret } });
    expect(room.forkOf(ID)).toMatchObject({ secrets: [secret] });
    const other = new CellRoom({
      sql: nodeSql(),
      host: new FakeHost(),
      world: new FakeWorld(),
      surroundings: SURROUNDINGS,
    });
    const started = await other.start({ ...requestFor([]), inputs: { token: secret }, secrets: [secret] });
    expect(started?.inputs).toEqual({ token: "******" });
  });

  test("what a subflow gives back is hidden in its parent", async () => {
    const secret = "s3cret-Pa55word";
    const { room, effect } = await secondLife([]);
    const link = { executionId: ID, effect, depth: 1 };
    room.childEnded(link, { executionId: "child", state: "SUCCESS", outputs: {}, secrets: [secret] });
    room.appendLogs(ID, effect, [{ at: 1, level: "INFO", message: `got ${secret}` }]);
    expect(room.logs(ID, {})?.at(-1)?.message).toBe("got ******");
  });

  test("a label that a secret was put into is hidden in lists", async () => {
    const secret = "s3cret-Pa55word";
    const world = new FakeWorld();
    const host = new FakeHost();
    const room = new CellRoom({ sql: nodeSql(), host, world, surroundings: SURROUNDINGS });
    await room.start({ ...requestFor([]), labels: [{ key: "token", value: secret }], secrets: [secret] });
    await host.run(1_000);
    expect(world.rows.get(ID)?.labels).toEqual([{ key: "token", value: "******" }]);
  });

  test("a running execution whose secrets cannot be opened any more says so", async () => {
    const { room: _, database } = await secondLife(["s3cret-Pa55word"]);
    const vault = { ...toyVault, open: () => undefined };
    const blind = { sql: nodeSql(database), host: new FakeHost(), world: new FakeWorld(), surroundings: SURROUNDINGS };
    const room = new CellRoom({ ...blind, vault });
    room.appendLogs(ID, "0:1", []);
    expect(room.logs(ID, { minLevel: "WARN" })?.map(({ message }) => message)).toEqual([
      expect.stringContaining("1 secrets of this execution cannot be hidden"),
    ]);
  });
});
