import type { NewJob } from "#actors/dispatch/dispatch-core.ts";
import { DispatchRoom } from "#actors/dispatch/dispatch-room.ts";
import type { Cells, Clock } from "#actors/dispatch/ports.ts";
import type { TaskAnswer } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import type { LogSpan } from "#schema/log.ts";
import type { ClaimRequest, Presence } from "#schema/runner.ts";
import type { Sql } from "#shell/sql.ts";
import { nodeSql } from "./node-sql.ts";

export const EXECUTION = "0123456789ABCDEFGHIJ00";

export function newJob(effect: string, properties: JsonObject = {}, type = "t.Shell"): NewJob {
  const where = { tenant: "main", namespace: "company.team", flowId: "hello", executionId: EXECUTION };
  return {
    id: `${EXECUTION}/${effect}`,
    ...where,
    taskId: effect,
    taskRunId: `run-${effect}`,
    attempt: 1,
    type,
    properties,
  };
}

export function presence(agentId: string, bootId = `${agentId}-boot1`): Presence {
  return { agentId, bootId, group: "default", hostname: agentId, version: "0", capabilities: [], slots: 4 };
}

export function claimOf(agent: Presence, free = 1, holding: ClaimRequest["holding"] = []): ClaimRequest {
  return { presence: agent, free, holding, nonce: "n" };
}

/** Time that moves when told to. */
export class StepClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; body: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, body: () => void): () => void {
    const timer = { at: this.#now + ms, body };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { body } of due) body();
  }
}

export type Told =
  | { kind: "started"; effect: string; worker: string }
  | { kind: "finished"; effect: string; answer: TaskAnswer }
  | { kind: "logs"; effect: string; messages: string[]; span: LogSpan }
  | { kind: "lost"; effect: string; reason: string };

/** Cells that note what they are told. While `down`, every call is refused. */
export class NotingCells implements Cells {
  readonly told: Told[] = [];
  down = false;

  async #note(told: Told): Promise<void> {
    if (this.down) throw new Error("the cell is away");
    this.told.push(told);
  }
  started(_: string, effect: string, worker: string) {
    return this.#note({ kind: "started", effect, worker });
  }
  async finished(_: string, effect: string, answer: TaskAnswer) {
    const first = !this.told.some((told) => told.kind === "finished" && told.effect === effect);
    await this.#note({ kind: "finished", effect, answer });
    return first;
  }
  logs(_: string, effect: string, lines: Parameters<Cells["logs"]>[2], span: LogSpan) {
    return this.#note({ kind: "logs", effect, messages: lines.map(({ message }) => message), span });
  }
  lost(_: string, effect: string, reason: string) {
    return this.#note({ kind: "lost", effect, reason });
  }

  of<K extends Told["kind"]>(kind: K): Extract<Told, { kind: K }>[] {
    return this.told.filter((told): told is Extract<Told, { kind: K }> => told.kind === kind);
  }
  lines(effect: string): string[] {
    return this.of("logs").flatMap((told) => (told.effect === effect ? told.messages : []));
  }
}

/** A Dispatch actor with everything round it in hand. `restart` drops its memory and keeps its rows. */
export class DispatchWorld {
  readonly clock = new StepClock();
  readonly cells = new NotingCells();
  readonly #sql: Sql = nodeSql();
  alarmAt: number | undefined;
  room: DispatchRoom;

  constructor() {
    this.room = this.#start();
  }

  #start(): DispatchRoom {
    const alarm = {
      set: (at: number) => {
        this.alarmAt = at;
      },
    };
    return new DispatchRoom({ sql: this.#sql, cells: this.cells, clock: this.clock, alarm });
  }

  restart(): void {
    this.room = this.#start();
  }

  /** Lets time pass, with the alarm going off when it is due. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.alarmAt !== undefined && this.alarmAt <= end) {
      this.clock.advance(Math.max(0, this.alarmAt - this.clock.now()));
      this.alarmAt = undefined;
      await this.room.alarm();
      await settled();
    }
    this.clock.advance(end - this.clock.now());
    await settled();
  }
}

/** Resolves when all that can go on without time or input has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
