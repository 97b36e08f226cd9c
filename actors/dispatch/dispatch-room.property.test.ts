import fc from "fast-check";
import { expect, test } from "vitest";
import { claimOf, DispatchWorld, newJob, presence } from "#runners/testing/dispatch-world.ts";
import { assertNever } from "#schema/assert-never.ts";
import { CLAIM_WAIT_MS, type Holding, type Presence } from "#schema/runner.ts";

type Step =
  | { do: "enqueue" | "cancel"; job: number }
  | { do: "claim"; agent: number; free: number; answerLost: boolean }
  | { do: "heartbeat" | "reboot" | "leave"; agent: number }
  | { do: "finish"; agent: number; pick: number; answerLost: boolean }
  | { do: "repeat"; pick: number }
  | { do: "wait"; ms: number }
  | { do: "restart" }
  | { do: "cell"; down: boolean };

const agent = fc.nat(2);
const job = fc.nat(5);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom("enqueue" as const, "enqueue" as const, "cancel" as const), job }),
  fc.record({ do: fc.constant("claim" as const), agent, free: fc.nat(3), answerLost: fc.boolean() }),
  fc.record({
    do: fc.constantFrom("heartbeat" as const, "heartbeat" as const, "reboot" as const, "leave" as const),
    agent,
  }),
  fc.record({ do: fc.constant("finish" as const), agent, pick: fc.nat(5), answerLost: fc.boolean() }),
  fc.record({ do: fc.constant("repeat" as const), pick: fc.nat(20) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 1_000, 10_000, 31_000) }),
  fc.record({ do: fc.constant("restart" as const) }),
  fc.record({ do: fc.constant("cell" as const), down: fc.boolean() }),
);

/** Three agents and a history of what they were given and said. */
class Run {
  readonly world = new DispatchWorld();
  readonly holding: Holding[][] = [[], [], []];
  readonly boots = [1, 1, 1];
  readonly given = new Map<string, Holding[]>();
  readonly said: Holding[] = [];
  readonly cancelled = new Set<string>();
  readonly enqueued = new Set<string>();

  presence(index: number): Presence {
    return presence(`agent${index}`, `agent${index}-boot${this.boots[index]}`);
  }

  held(index: number): Holding[] {
    return this.holding[index] ?? [];
  }

  async claim(index: number, free: number, answerLost: boolean): Promise<void> {
    const claim = this.world.room.claim(claimOf(this.presence(index), free, this.held(index)));
    await this.world.advance(CLAIM_WAIT_MS);
    const { jobs, cancel } = await claim;
    for (const { id, epoch } of jobs) this.#note({ id, epoch });
    if (answerLost) return;
    const lost = new Set(cancel?.map(({ id }) => id));
    const kept = this.held(index).filter(({ id }) => !lost.has(id));
    this.holding[index] = [...kept, ...jobs.map(({ id, epoch }) => ({ id, epoch }))];
  }

  #note(lease: Holding): void {
    const before = this.given.get(lease.id) ?? [];
    // Every lease has an epoch of its own, above all earlier ones: there are never two current ones.
    expect(before.every(({ epoch }) => epoch < lease.epoch)).toBe(true);
    this.given.set(lease.id, [...before, lease]);
  }

  async finish(index: number, pick: number, answerLost: boolean): Promise<void> {
    const lease = this.held(index)[pick % Math.max(1, this.held(index).length)];
    if (!lease) return;
    if ((await this.say(lease)) && !answerLost) this.holding[index] = this.held(index).filter((held) => held !== lease);
  }

  /** Sends a result; true when it is settled. */
  async say(lease: Holding): Promise<boolean> {
    this.said.push(lease);
    const result = { group: "default", ...lease, answer: { state: "SUCCESS" as const } };
    const answer = await this.world.room.result(result).catch(() => undefined);
    const newest = this.given.get(lease.id)?.at(-1)?.epoch;
    if (answer === "accepted") expect(newest).toBe(lease.epoch);
    return answer !== undefined;
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case "enqueue":
        this.enqueued.add(`e${step.job}`);
        await this.world.room.enqueue(newJob(`e${step.job}`));
        return;
      case "cancel":
        this.cancelled.add(`e${step.job}`);
        await this.world.room.cancel(newJob(`e${step.job}`).id);
        return;
      case "claim":
        return this.claim(step.agent, step.free, step.answerLost);
      case "heartbeat":
      case "leave":
        return this.heartbeat(step.agent, step.do === "leave");
      case "reboot":
        this.boots[step.agent] = (this.boots[step.agent] ?? 1) + 1;
        this.holding[step.agent] = [];
        return;
      case "finish":
        return this.finish(step.agent, step.pick, step.answerLost);
      case "repeat": {
        const old = this.said[step.pick % Math.max(1, this.said.length)];
        if (old) await this.say(old);
        return;
      }
      case "wait":
        return this.world.advance(step.ms);
      case "restart":
        return this.world.restart();
      case "cell":
        this.world.cells.down = step.down;
        return;
      default:
        assertNever(step);
    }
  }

  async heartbeat(index: number, leaving: boolean): Promise<void> {
    if (leaving) this.holding[index] = [];
    const { cancel } = await this.world.room.heartbeat({
      presence: this.presence(index),
      holding: this.held(index),
      leaving,
    });
    const lost = new Set(cancel.filter(({ reason }) => reason === "lost").map(({ id }) => id));
    this.holding[index] = this.held(index).filter(({ id }) => !lost.has(id));
  }

  /** Lets good agents do all that is left. */
  async drain(): Promise<void> {
    this.world.cells.down = false;
    for (let round = 0; round < 12; round++) {
      for (let index = 0; index < 3; index++) {
        await this.claim(index, 3, false);
        for (const lease of [...this.held(index)]) await this.say(lease);
        this.holding[index] = [];
      }
      await this.world.advance(1_000);
    }
  }
}

test("[R1-R8] under random steps, losses and restarts there is one current lease and each answer counts once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const run = new Run();
      for (const each of steps) await run.take(each);
      await run.drain();
      const { queued, running } = await run.world.room.status();
      expect([queued, running]).toEqual([0, 0]);
      const finished = run.world.cells.of("finished").map(({ effect }) => effect);
      expect(new Set(finished).size).toBe(finished.length);
      const missing = [...run.enqueued].filter((effect) => !run.cancelled.has(effect) && !finished.includes(effect));
      expect(missing).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
