import { expect, test } from "vitest";
import { Bench } from "#test/flows/harness.ts";
import { type Errand, errandsOf } from "./errands.ts";
import type { Live } from "./live.ts";
import type { World } from "./world.ts";

const flow = (body: string, id = "flow") => `id: ${id}\nnamespace: company.team\n${body}`;
const SHELL = (more = "") => `  - {id: a, type: io.kestra.plugin.scripts.shell.Commands, commands: [ls]${more}}\n`;
const SUBFLOW = "  - {id: s, type: io.kestra.plugin.core.flow.Subflow, namespace: company.team, flowId: child}\n";
const RETRY = ", retry: {type: constant, interval: PT1S, maxAttempts: 3, behavior: CREATE_NEW_EXECUTION}";

/** A parent that waits for its child, which runs for ever. */
async function waiting(bench: Bench, child = flow(`tasks:\n${SHELL()}`, "child")): Promise<[Live, Live]> {
  bench.worker = () => undefined;
  bench.add(child);
  const parent = bench.start(flow(`tasks:\n${SUBFLOW}`, "parent"));
  await bench.run(100);
  return [parent, bench.again({ id: childOf(parent) })];
}

function childOf({ state }: Live): string {
  const wait = state.runs.get(0)?.waiting;
  return (wait?.kind === "subflow" && wait.executionId) || "";
}

/** Errands that the rows name, as if every call of the kind was lost and the process died. */
function rows(bench: Bench): string[] {
  return bench.store.errands().map(({ body }) => (JSON.parse(body) as Errand).effect.kind);
}

const unreachable = (bench: Bench, ...names: (keyof World)[]) => {
  for (const name of names) bench.world.refusals.set(name, 1_000_000);
};

test.for(["b2", undefined])(
  "[D1, D2] a parent hears of the end of a deleted child after a crash, boot %s",
  async (boot) => {
    const bench = new Bench({ boot: boot && "b1" });
    const [parent, child] = await waiting(bench);
    unreachable(bench, "tellParent");
    bench.cell.remove(child);
    await bench.run(5_000);
    expect([parent.state.status, rows(bench)]).toEqual(["RUNNING", ["notify-parent"]]);
    bench.restartAs(boot);
    bench.world.refusals.clear();
    await bench.run(5_000);
    expect([bench.again(parent).state.status, rows(bench)]).toEqual(["KILLED", []]);
  },
);

test("[D2] what was heard at once is crossed out, and a cell that is opened then has nothing to tell", async () => {
  const bench = new Bench();
  const [parent, child] = await waiting(bench);
  bench.cell.remove(child);
  expect(rows(bench)).toEqual(["notify-parent"]);
  await bench.run(1_000);
  expect([parent.state.status, rows(bench)]).toEqual(["KILLED", []]);
  bench.restartAs("b2");
  await bench.run(60_000);
  expect(bench.world.of("tellParent")).toHaveLength(1);
});

test("[D2] the alarm is set while something is to be told, and tries are not given up", async () => {
  const bench = new Bench({ boot: undefined });
  const [parent, child] = await waiting(bench);
  unreachable(bench, "tellParent");
  bench.cell.remove(child);
  bench.restartAs(undefined);
  await bench.run(120_000);
  expect(bench.host.alarmAt).toBeLessThanOrEqual(bench.host.now() + 10_000);
  bench.world.refusals.clear();
  await bench.run(40_000);
  expect([bench.again(parent).state.status, rows(bench)]).toEqual(["KILLED", []]);
});

test("[D1] a child that had ended before it was deleted is told of as it ended", async () => {
  const bench = new Bench();
  const [parent, child] = await waiting(
    bench,
    flow(`outputs:\n  - {id: o, type: STRING, value: x}\ntasks:\n${SHELL()}`, "child"),
  );
  unreachable(bench, "tellParent");
  const effect = child.state.runs.get(0)?.waiting;
  bench.cell.answer(child, (effect && "effect" in effect && effect.effect) || "", { state: "SUCCESS" }, []);
  expect(child.state.status).toBe("SUCCESS");
  bench.cell.remove(child);
  bench.restartAs("b2");
  bench.world.refusals.clear();
  await bench.run(5_000);
  expect(bench.again(parent).state.status).toBe("SUCCESS");
  expect(bench.again(parent).state.runs.get(0)?.outputs).toMatchObject({ outputs: { o: "x" } });
});

test("[D1] the children of a deleted execution are killed after a crash", async () => {
  const bench = new Bench();
  const [parent, child] = await waiting(bench);
  unreachable(bench, "command");
  bench.cell.remove(parent);
  await bench.run(1_000);
  bench.restartAs("b2");
  expect([bench.again(child).state.status, rows(bench)]).toEqual(["RUNNING", ["kill-execution"]]);
  bench.world.refusals.clear();
  await bench.run(30_000);
  expect([bench.again(child).state.status, rows(bench)]).toEqual(["KILLED", []]);
});

test("[D1] a slot of a deleted execution is given back after a crash", async () => {
  const bench = new Bench();
  bench.worker = () => undefined;
  const limited = flow(`concurrency: {limit: 1}\ntasks:\n${SHELL()}`);
  const live = bench.start(limited, {}, { limited: true });
  await bench.run(100);
  expect(bench.slotsOf("flow").view(undefined).holders).toHaveLength(1);
  unreachable(bench, "releaseSlot");
  bench.cell.remove(live);
  bench.restartAs("b2");
  bench.world.refusals.clear();
  await bench.run(5_000);
  expect([bench.slotsOf("flow").view(undefined).holders, rows(bench)]).toEqual([[], []]);
});

test("[D1] an execution that was to replace a deleted one, which was killed, is killed as soon as it is there", async () => {
  for (const isCrashed of [false, true]) {
    const bench = new Bench();
    bench.worker = () => ({ state: "FAILED", error: "boom" });
    unreachable(bench, "startRetry");
    const live = bench.start(flow(`tasks:\n${SHELL(RETRY)}`));
    await bench.run(3_000);
    expect(live.state.pending.map(({ kind }) => kind)).toEqual(["start-retry"]);
    bench.worker = () => undefined;
    bench.cell.command(live, { kind: "kill", cascade: true });
    bench.cell.remove(live);
    if (isCrashed) bench.restartAs("b2");
    bench.world.refusals.clear();
    await bench.run(60_000);
    const [id] = (bench.world.of("command").at(-1) ?? []) as readonly string[];
    expect([bench.again({ id: id ?? "" }).state.status, rows(bench)]).toEqual(["KILLED", []]);
  }
});

test("[D1] ten thousand executions are named in a row, and the rest in the next", async () => {
  const bench = new Bench();
  const live = bench.start(flow(`tasks:\n${SHELL()}`));
  const executionIds = Array.from({ length: 25_000 }, (_, n) => `e${n}`);
  live.state = { ...live.state, pending: [{ kind: "kill-executions", id: "x:99", executionIds }] };
  const named = errandsOf(live).map(({ effect }) => (effect.kind === "kill-executions" ? effect.executionIds : []));
  expect([named.map(({ length }) => length), named.flat()]).toEqual([[10_000, 10_000, 5_000], executionIds]);
});
