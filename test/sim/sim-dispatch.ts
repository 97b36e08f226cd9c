import { DispatchRoom } from "#actors/dispatch/dispatch-room.ts";
import type { Cells } from "#actors/dispatch/ports.ts";
import type { TaskAnswer } from "#schema/event.ts";
import { HEARTBEAT_MS, type Holding, type Job, LEASE_MS, type Presence } from "#schema/runner.ts";
import { isTerminal } from "#schema/state.ts";
import { type Lab, Refused } from "./lab.ts";
import { SimActor } from "./sim-actor.ts";
import type { SimCalls } from "./sim-calls.ts";
import { LEASED, type Reach, type SimWorkers } from "./sim-workers.ts";

/** The real queue of agent jobs on a database that outlives it, and the agents that take from it. */
export class SimDispatch extends SimActor<DispatchRoom> {
  readonly #reach: Reach;
  readonly #workers: SimWorkers;
  readonly agents: SimAgent[];

  constructor(name: string, lab: Lab, calls: SimCalls, workers: SimWorkers, reach: Reach) {
    super(name, lab);
    this.#reach = reach;
    this.#workers = workers;
    this.agents = ["one", "two"].map((id) => new SimAgent(`${name}-${id}`, lab, calls, workers, this));
  }

  protected make(life: number): DispatchRoom {
    const { clock } = this.lab;
    const room = new DispatchRoom({
      sql: this.sql(life),
      cells: this.#cells(),
      clock: {
        now: () => this.now(),
        after: (ms, body) => {
          let isOn = true;
          clock.in(ms, `${this.name} timer`, () => {
            if (isOn && this.isAlive(life)) this.call(() => body());
          });
          return () => {
            isOn = false;
          };
        },
      },
      alarm: { set: (at) => this.alarm.set(at) },
    });
    return this.lab.mutant?.dispatch?.(room) ?? room;
  }

  protected woken(): Promise<void> {
    return this.ask((room) => room.alarm()).catch((error: unknown) => void this.note(error));
  }

  #heard<T>(result: T | undefined): Promise<T> {
    return result === undefined ? Promise.reject(new Refused("the cell is down")) : Promise.resolve(result);
  }

  #cells(): Cells {
    const live = this.#reach;
    return {
      started: (id, effect, worker) =>
        this.#heard(
          live(id, (cell) => {
            const found = cell.find(id);
            if (found !== undefined) cell.dispatched(found, effect, { worker });
            return true;
          }),
        ).then(() => undefined),
      finished: (id, effect, answer) => this.#heard(this.#workers.answer(id, effect, answer)),
      logs: (id, effect, lines, span) =>
        this.#heard(
          live(id, (cell) => {
            const found = cell.find(id);
            if (found !== undefined) cell.say(found, effect, lines, span);
            return true;
          }),
        ).then(() => undefined),
      lost: () => Promise.resolve(),
    };
  }

  /** There may be work: an agent asks for it. */
  hint(): void {
    const { clock, random } = this.lab;
    const agent = random.pick(this.agents);
    clock.in(random.int(0, 200), `${agent.name} claim`, () => agent.claim());
  }

  /** Each minute: what is overdue, and agents that ask on their own. */
  sweep(): void {
    this.ask((room) => room.sweep()).catch((error: unknown) => this.note(error));
    this.ask((room) => room.status()).then(
      ({ queued, running }) => {
        if (queued + running > 0) for (const agent of this.agents) agent.claim();
      },
      (error: unknown) => this.note(error),
    );
  }
}

type Held = { job: Job; isFrozen: boolean; answer: TaskAnswer | undefined };

/** A runner agent: claims, heartbeats, works, answers until it is heard. It may die, freeze, and say things twice or wrongly. */
class SimAgent {
  readonly name: string;
  readonly #lab: Lab;
  readonly #calls: SimCalls;
  readonly #workers: SimWorkers;
  readonly #queue: SimDispatch;
  #held = new Map<string, Held>();
  #boot = 1;
  #isBeating = false;

  constructor(name: string, lab: Lab, calls: SimCalls, workers: SimWorkers, queue: SimDispatch) {
    this.name = name;
    this.#lab = lab;
    this.#calls = calls;
    this.#workers = workers;
    this.#queue = queue;
  }

  get #presence(): Presence {
    const { name } = this;
    return {
      agentId: name,
      bootId: `${name}-${this.#boot}`,
      group: "default",
      hostname: name,
      version: "0",
      capabilities: [],
      slots: 8,
    };
  }

  get #holding(): Holding[] {
    return [...this.#held.values()].map(({ job }) => ({ id: job.id, epoch: job.epoch }));
  }

  claim(): void {
    const boot = this.#boot;
    const request = { presence: this.#presence, free: 4, holding: this.#holding, nonce: "n" };
    this.#calls
      .call(`${this.name} claims`, () => this.#queue.ask((room) => room.claim(request)))
      .then(
        ({ jobs, cancel, superseded }) => {
          if (boot !== this.#boot || superseded) return;
          this.#cancelled(cancel ?? []);
          for (const job of jobs) this.#take(job);
        },
        () => this.#lab.clock.in(1_000, `${this.name} claims again`, () => this.claim()),
      );
  }

  #take(job: Job): void {
    if (this.#workers.happens("dies", "agent dies")) return this.#die();
    const isFrozen = this.#workers.happens("freezes", "agent freezes past its lease");
    const held: Held = { job, isFrozen, answer: undefined };
    this.#held.set(job.id, held);
    this.#beat();
    const boot = this.#boot;
    const frozenMs = isFrozen ? LEASE_MS + 5_000 : 0;
    const workMs = Math.min(
      this.#lab.random.int(0, this.#lab.random.pick([5_000, 5_000, 30_000])),
      job.timeoutMs ?? Number.POSITIVE_INFINITY,
    );
    const isLate = workMs === job.timeoutMs;
    this.#lab.clock.in(frozenMs + workMs, `${this.name} works`, () => {
      if (boot !== this.#boot || this.#held.get(job.id) !== held) return;
      held.answer ??= isLate
        ? { state: "FAILED", error: "The task did not finish within its timeout." }
        : this.#workers.work(job);
      this.#say(held);
    });
  }

  #die(): void {
    this.#boot += 1;
    this.#held = new Map();
    this.#lab.clock.in(this.#lab.random.int(0, 60_000), `${this.name} starts again`, () => this.claim());
  }

  #cancelled(cancel: readonly { id: string; reason: "killed" | "lost" }[]): void {
    for (const { id, reason } of cancel) {
      const held = this.#held.get(id);
      if (held === undefined) continue;
      if (reason === "lost") this.#held.delete(id);
      else if (!this.#workers.happens("ignoresKill", "agent ignores a kill")) {
        held.answer ??= { state: "KILLED" };
        this.#say(held);
      }
    }
  }

  #say(held: Held): void {
    const { job, answer } = held;
    if (answer === undefined) return;
    const boot = this.#boot;
    if (job.epoch > 1 && this.#workers.happens("wrongEpoch", "wrong epoch")) this.#sayOld(job);
    this.#sayLines(job);
    const result = { group: "default", id: job.id, epoch: job.epoch, answer };
    const settled = () => {
      if (boot === this.#boot && this.#held.get(job.id) === held) this.#held.delete(job.id);
    };
    const again = () =>
      this.#lab.clock.in(1_000, `${this.name} says again`, () => {
        if (boot === this.#boot && this.#held.get(job.id) === held) this.#say(held);
      });
    const say = () =>
      this.#calls.call(`${this.name} says`, () => this.#queue.ask((room) => room.result(result))).then(settled, again);
    void say();
    if (this.#workers.happens("answersTwice", "agent answers twice")) void say();
  }

  /** What it has written, in two batches that overlap: what is acknowledged must be there. */
  #sayLines({ id, epoch, executionId }: Job): void {
    const lines = ["one", "two"].map((word) => ({
      at: 0,
      level: "INFO" as const,
      message: `${id} ${word}${LEASED}${epoch}`,
    }));
    for (const length of [1, 2]) {
      const batch = { group: "default", id, epoch, from: 0, lines: lines.slice(0, length) };
      this.#calls
        .call(`${this.name} writes`, () => this.#queue.ask((room) => room.logs(batch)))
        .then(
          (taken) => {
            if (taken === "fenced") return;
            for (const { message } of lines.slice(0, taken.acknowledged))
              this.#workers.kept.push({ executionId, message });
          },
          () => undefined,
        );
    }
  }

  /** [I14] What an earlier lease ended with is not taken. */
  #sayOld(job: Job): void {
    const answer: TaskAnswer = { state: "SUCCESS", outputs: { value: `${job.id} of an old lease` } };
    const result = { group: "default", id: job.id, epoch: job.epoch - 1, answer };
    const lines = [{ at: 0, level: "INFO" as const, message: "of an old lease" }];
    this.#queue
      .ask((room) => room.logs({ group: "default", id: job.id, epoch: job.epoch - 1, from: 0, lines }))
      .then(
        (taken) => {
          if (taken !== "fenced") this.#lab.audit.complain(`I14 log lines of an old lease of ${job.id} were taken`);
        },
        () => undefined,
      );
    this.#queue
      .ask((room) => room.result(result))
      .then(
        (taken) => {
          if (taken === "accepted") this.#lab.audit.complain(`I14 the result of an old lease of ${job.id} was taken`);
        },
        () => undefined,
      );
  }

  #beat(): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#lab.clock.in(HEARTBEAT_MS, `${this.name} heartbeat`, () => {
      this.#isBeating = false;
      if (this.#held.size === 0) return;
      this.#beat();
      if ([...this.#held.values()].some(({ isFrozen }) => isFrozen)) return;
      const request = { presence: this.#presence, holding: this.#holding };
      const boot = this.#boot;
      this.#queue
        .ask((room) => room.heartbeat(request))
        .then(
          ({ cancel }) => {
            if (boot === this.#boot) this.#cancelled(cancel);
          },
          () => undefined,
        );
    });
  }

  /** True while it holds what somebody waits for. */
  get isBusy(): boolean {
    return [...this.#held.values()].some(({ job }) => {
      const status = this.#lab.audit.state(job.executionId)?.status;
      return status !== undefined && !isTerminal(status);
    });
  }
}
