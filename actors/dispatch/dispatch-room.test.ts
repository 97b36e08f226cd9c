import { expect, test } from "vitest";
import { claimOf, DispatchWorld, newJob, presence, settled } from "#runners/testing/dispatch-world.ts";
import { CLAIM_WAIT_MS, HEARTBEAT_MS, type Job, LEASE_MS, MAX_JOB_BYTES } from "#schema/runner.ts";

const a = presence("a");
const b = presence("b");

async function leased(world: DispatchWorld, agent = a, effect = "e1"): Promise<Job> {
  await world.room.enqueue(newJob(effect));
  const { jobs } = await world.room.claim(claimOf(agent));
  const job = jobs[0];
  if (!job) throw new Error("nothing was given");
  return job;
}

const resultOf = (job: Job, state: "SUCCESS" | "FAILED" = "SUCCESS") => ({
  group: "default",
  id: job.id,
  epoch: job.epoch,
  answer: { state },
});
const line = (message: string) => ({ at: 1, level: "INFO" as const, message });
const batch = (job: Job, from: number, ...messages: string[]) => ({
  group: "default",
  id: job.id,
  epoch: job.epoch,
  from,
  lines: messages.map(line),
});

test("[R1] a claim is held open and answered the moment a job comes", async () => {
  const world = new DispatchWorld();
  const claim = world.room.claim(claimOf(a, 2));
  await world.room.enqueue(newJob("e1"));
  const { jobs } = await claim;
  expect(jobs.map(({ id, epoch }) => [id, epoch])).toEqual([[newJob("e1").id, 1]]);
  await settled();
  expect(world.cells.of("started")).toEqual([{ kind: "started", effect: "e1", worker: "a" }]);
});

test("[R1] a claim without work is answered with nothing after CLAIM_WAIT_MS", async () => {
  const world = new DispatchWorld();
  const claim = world.room.claim(claimOf(a));
  await world.advance(CLAIM_WAIT_MS);
  expect((await claim).jobs).toEqual([]);
});

test("[R1] an agent without a free slot keeps its claim open and is given nothing", async () => {
  const world = new DispatchWorld();
  const claim = world.room.claim(claimOf(a, 0));
  await world.room.enqueue(newJob("e1"));
  await world.advance(CLAIM_WAIT_MS);
  expect((await claim).jobs).toEqual([]);
  expect((await world.room.status()).queued).toBe(1);
});

test("[R1] the agent that waits longest is served first, and each job goes to one", async () => {
  const world = new DispatchWorld();
  const first = world.room.claim(claimOf(a));
  const second = world.room.claim(claimOf(b));
  await world.room.enqueue(newJob("e1"));
  await world.room.enqueue(newJob("e2"));
  expect((await first).jobs.map(({ taskId }) => taskId)).toEqual(["e1"]);
  expect((await second).jobs.map(({ taskId }) => taskId)).toEqual(["e2"]);
});

test("[R2] a job handed over twice runs once, also after it has ended", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.enqueue(newJob("e1"));
  await world.room.result(resultOf(job));
  expect(await world.room.enqueue(newJob("e1"))).toEqual({ ok: true });
  expect((await world.room.status()).queued).toBe(0);
});

test("[R2] a job over 1 MB is refused with what to do instead", async () => {
  const world = new DispatchWorld();
  const answer = await world.room.enqueue(newJob("e1", { script: "x".repeat(MAX_JOB_BYTES) }));
  expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("inputFiles") });
});

test("[R3] a job without a heartbeat is given to another within 60 s, and the first is fenced", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  const next = world.room.claim(claimOf(b));
  await world.advance(CLAIM_WAIT_MS);
  expect((await next).jobs).toEqual([]);
  const later = world.room.claim(claimOf(b));
  await world.advance(LEASE_MS - CLAIM_WAIT_MS + 1_000);
  const again = (await later).jobs[0];
  expect(again).toMatchObject({ id: job.id, epoch: 2 });
  expect(await world.room.result(resultOf(job))).toBe("fenced");
  expect(await world.room.logs(batch(job, 0, "late"))).toBe("fenced");
  expect(await world.room.mayUse(job.id, job.epoch)).toBeNull();
  expect(world.cells.of("lost")[0]?.reason).toContain("given to another agent (attempt 2 of 5)");
});

test("[R3] heartbeats keep a job with its agent", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  for (let i = 0; i < 12; i++) {
    await world.advance(HEARTBEAT_MS);
    expect(await world.room.heartbeat({ presence: a, holding: [job] })).toMatchObject({ cancel: [] });
  }
  expect(await world.room.result(resultOf(job))).toBe("accepted");
});

test("[R3] a restart of the actor keeps leases, renewals, log positions and the queue", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.enqueue(newJob("e2"));
  await world.advance(LEASE_MS - 1_000);
  await world.room.heartbeat({ presence: a, holding: [job] });
  await world.room.logs(batch(job, 0, "one", "two"));
  world.restart();
  await world.advance(LEASE_MS - 1_000);
  expect(await world.room.logs(batch(job, 0, "one", "two", "three"))).toEqual({ acknowledged: 3 });
  expect(world.cells.lines("e1")).toEqual(["one", "two", "three"]);
  expect((await world.room.claim(claimOf(b))).jobs.map(({ taskId }) => taskId)).toEqual(["e2"]);
});

test("[R3] leases that ran out while the actor was away get a moment more, once", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  world.clock.advance(LEASE_MS * 20);
  world.restart();
  expect(await world.room.result(resultOf(job))).toBe("accepted");
  const second = await leased(world, a, "e2");
  world.clock.advance(LEASE_MS * 20);
  world.restart();
  world.restart();
  await world.advance(15_000);
  expect(await world.room.result(resultOf(second))).toBe("fenced");
});

test("[R4] after five losses the task fails and says so", async () => {
  const world = new DispatchWorld();
  await world.room.enqueue(newJob("e1"));
  for (let i = 0; i < 5; i++) {
    const { jobs } = await world.room.claim(claimOf(a));
    expect(jobs[0]?.epoch).toBe(i + 1);
    world.cells.down = i === 4;
    await world.advance(LEASE_MS);
  }
  world.cells.down = false;
  world.restart();
  await world.advance(30_000);
  expect(world.cells.of("finished")).toEqual([
    {
      kind: "finished",
      effect: "e1",
      answer: { state: "FAILED", error: expect.stringContaining("lost with its agent 5 times") },
    },
  ]);
});

test("[R5] a new start of an agent gives back at once what it does not hold", async () => {
  const world = new DispatchWorld();
  await world.room.enqueue(newJob("e1"));
  await world.room.enqueue(newJob("e2"));
  const { jobs } = await world.room.claim(claimOf(a, 2));
  const kept = jobs[1];
  if (!kept) throw new Error("two jobs were expected");
  const reborn = presence("a", "boot2");
  const answer = await world.room.claim(claimOf(reborn, 1, [kept]));
  expect(answer.jobs).toMatchObject([{ taskId: "e1", epoch: 2 }]);
  expect(await world.room.result(resultOf(kept))).toBe("accepted");
});

test("[R5] what an ended start of an agent still says changes nothing", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.claim(claimOf(presence("a", "boot2"), 1));
  const late = await world.room.heartbeat({ presence: a, holding: [job] });
  expect(late).toMatchObject({ superseded: true, cancel: [{ id: job.id, reason: "lost" }] });
  expect(await world.room.claim(claimOf(a))).toMatchObject({ jobs: [], superseded: true });
});

test("[R5] an agent that leaves gives its jobs back, which is no loss", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.heartbeat({ presence: a, holding: [], leaving: true });
  expect((await world.room.claim(claimOf(b))).jobs).toMatchObject([{ id: job.id, epoch: 2 }]);
  expect((await world.room.status()).agents.map(({ agentId }) => agentId)).toEqual(["b"]);
});

test("[R6] a claim's answer that was lost is given again under a new epoch", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  const { jobs } = await world.room.claim(claimOf(a));
  expect(jobs).toMatchObject([{ id: job.id, epoch: 2 }]);
  expect(await world.room.result(resultOf(job))).toBe("fenced");
});

test("[R7] cancelling a queued job removes it; one that was never handed over never starts", async () => {
  const world = new DispatchWorld();
  await world.room.enqueue(newJob("e1"));
  expect(await world.room.cancel(newJob("e1").id)).toBe("removed");
  expect(await world.room.cancel(newJob("e2").id)).toBe("removed");
  await world.room.enqueue(newJob("e2"));
  expect((await world.room.status()).queued).toBe(0);
});

test("[R7] cancelling a running job wakes the open claim of its agent, and every heartbeat repeats it", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  const claim = world.room.claim(claimOf(a, 0, [job]));
  expect(await world.room.cancel(job.id)).toBe("told");
  const cancel = [{ id: job.id, reason: "killed" }];
  expect(await claim).toEqual({ jobs: [], cancel });
  expect(await world.room.heartbeat({ presence: a, holding: [job] })).toMatchObject({ cancel });
  const waits = world.room.claim(claimOf(a, 0, [job]));
  await world.advance(CLAIM_WAIT_MS);
  expect(await waits).toEqual({ jobs: [] });
});

test("[R7] a cancelled job whose agent is gone ends as KILLED and is given to nobody", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.cancel(job.id);
  await world.advance(LEASE_MS + 1_000);
  expect(world.cells.of("finished")).toEqual([{ kind: "finished", effect: "e1", answer: { state: "KILLED" } }]);
  expect((await world.room.status()).queued).toBe(0);
});

test("[R8] a result is acknowledged only when the cell has it, and again when it comes again", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  world.cells.down = true;
  await expect(world.room.result(resultOf(job))).rejects.toThrow("the cell is away");
  world.cells.down = false;
  const both = await Promise.all([world.room.result(resultOf(job)), world.room.result(resultOf(job))]);
  expect(both).toEqual(["accepted", "accepted"]);
  expect(await world.room.result(resultOf(job, "FAILED"))).toBe("accepted");
  expect(world.cells.of("finished")).toHaveLength(1);
});

test("[R9] a cell is told the numbers of lines, under the lease: after a crash it knows what it has heard", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  await world.room.logs(batch(job, 0, "one", "two"));
  await world.room.logs(batch(job, 1, "two", "three"));
  world.restart();
  expect(await world.room.logs(batch(job, 3, "four"))).toEqual({ acknowledged: 4 });
  expect(world.cells.of("logs").map(({ messages, span }) => [messages, span])).toEqual([
    [["one", "two"], { epoch: job.epoch, from: 0 }],
    [["three"], { epoch: job.epoch, from: 2 }],
    [["four"], { epoch: job.epoch, from: 3 }],
  ]);
});

test("[R9] log lines arrive once and in order, whatever is repeated or comes too early", async () => {
  const world = new DispatchWorld();
  const job = await leased(world);
  expect(await world.room.logs(batch(job, 2, "three"))).toEqual({ acknowledged: 0 });
  const both = await Promise.all([
    world.room.logs(batch(job, 0, "one", "two")),
    world.room.logs(batch(job, 0, "one", "two")),
  ]);
  expect(both).toEqual([{ acknowledged: 2 }, { acknowledged: 2 }]);
  expect(await world.room.logs(batch(job, 1, "two", "three"))).toEqual({ acknowledged: 3 });
  expect(world.cells.lines("e1")).toEqual(["one", "two", "three"]);
});

test("[R10] a lease may use the files its properties name, by epoch", async () => {
  const world = new DispatchWorld();
  await world.room.enqueue(newJob("e1", { commands: ["cat kestra:///company/team/a.txt"] }));
  const job = (await world.room.claim(claimOf(a))).jobs[0];
  if (!job) throw new Error("nothing was given");
  const facts = { executionId: job.executionId, taskRunId: "run-e1", namespace: "company.team", mentions: true };
  expect(await world.room.mayUse(job.id, 1, "kestra:///company/team/a.txt")).toMatchObject(facts);
  expect(await world.room.mayUse(job.id, 1, "kestra:///company/team/b.txt")).toMatchObject({ mentions: false });
  expect(await world.room.mayUse(job.id, 2)).toBeNull();
});

test("[R11] a group without an agent says so after 10 s, and who is there is listed", async () => {
  const world = new DispatchWorld();
  await world.room.enqueue(newJob("e1"));
  expect(await world.room.status()).toMatchObject({ queued: 1, noAgent: true, oldestWaitingSince: world.clock.now() });
  const job = (await world.room.claim(claimOf(a))).jobs[0];
  expect(await world.room.status()).toMatchObject({
    noAgent: false,
    running: 1,
    agents: [{ agentId: "a", running: 1 }],
  });
  await world.advance(9_000);
  expect((await world.room.status()).noAgent).toBe(false);
  await world.advance(2_000);
  expect(await world.room.status()).toMatchObject({ noAgent: true, agents: [] });
  expect(job?.epoch).toBe(1);
});

test("[R12] ended jobs are forgotten after ten minutes, and then nothing is due", async () => {
  const world = new DispatchWorld();
  await world.room.result(resultOf(await leased(world)));
  await world.advance(1_300_000);
  expect(world.alarmAt).toBeUndefined();
  expect(await world.room.result(resultOf({ ...newJob("e1"), epoch: 1 }))).toBe("fenced");
});
