import { DurableObject } from "cloudflare:workers";
import type { ChildEnd, Command, CommandAnswer, StartRequest } from "#schema/cell.ts";
import type { ParentLink, TaskAnswer } from "#schema/event.ts";
import { type ExecutionJson, type ExecutionText, executionText } from "#schema/execution.ts";
import type { LogFilter, LogLine, LogSpan } from "#schema/log.ts";
import type { SlotAnswer } from "#schema/slot.ts";
import type { Level } from "#schema/state.ts";
import { durableSql } from "#shell/durable-sql.ts";
import type { Surroundings } from "#shell/scope.ts";
import type { Vault } from "#shell/store.ts";
import type { Host, World } from "#shell/world.ts";
import { CellRoom } from "./cell-room.ts";

export type CellEnvironment = { BOOT_ID?: string };

/** What the deployment gives a cell beside its storage. */
export type CellOutside<Env> = { world(env: Env): World; surroundings(env: Env): Surroundings; vault(env: Env): Vault };

/** The Durable Object that holds executions. Wiring only: see cell-room.ts and ../shell/cell.ts. */
export function cellActor<Env extends CellEnvironment>({ world, surroundings, vault }: CellOutside<Env>) {
  return class CellActor extends DurableObject<Env> {
    readonly #room: CellRoom;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const host = hostOf(ctx.storage, env.BOOT_ID);
      const sql = durableSql(ctx.storage);
      const room = { sql, host, world: world(env), surroundings: surroundings(env), vault: vault(env) };
      this.#room = new CellRoom(room);
    }

    async start(request: StartRequest) {
      return asText(await this.#room.start(request));
    }
    get(id: string, options?: { at?: number }) {
      return asText(this.#room.get(id, options));
    }
    forkOf(id: string, options?: { seq?: number }) {
      return this.#room.forkOf(id, options);
    }
    async command(id: string, command: Command): Promise<CommandAnswer<ExecutionText>> {
      const answer = await this.#room.command(id, command);
      return answer.ok ? { ok: true, execution: executionText(answer.execution) } : answer;
    }
    standing(ids: readonly string[], command: Command) {
      return this.#room.standing(ids, command);
    }
    logs(id: string, filter: LogFilter) {
      return this.#room.logs(id, filter);
    }
    followExecution(id: string) {
      return this.#room.followExecution(id);
    }
    followLogs(id: string, minLevel?: Level) {
      return this.#room.followLogs(id, minLevel);
    }
    stream(id: string, after?: { seq: number; line: number }) {
      return this.#room.stream(id, after);
    }
    events(id: string, after: number, limit?: number) {
      return this.#room.events(id, after, limit);
    }
    followEvents(id: string, after: number) {
      return this.#room.followEvents(id, after);
    }
    evaluate(id: string, taskRunId: string | undefined, expression: string) {
      return this.#room.evaluate(id, taskRunId, expression);
    }
    remove(id: string) {
      return this.#room.remove(id);
    }
    answer(id: string, effect: string, answer: TaskAnswer, lines?: readonly LogLine[], span?: LogSpan) {
      return this.#room.answer(id, effect, answer, lines, span);
    }
    taskStarted(id: string, effect: string, started: { worker: string }) {
      return this.#room.taskStarted(id, effect, started);
    }
    appendLogs(id: string, effect: string, lines: readonly LogLine[], span?: LogSpan) {
      return this.#room.appendLogs(id, effect, lines, span);
    }
    childEnded(link: ParentLink, end: ChildEnd) {
      return this.#room.childEnded(link, end);
    }
    slotAnswered(id: string, effect: string, answer: SlotAnswer) {
      return this.#room.slotAnswered(id, effect, answer);
    }
    sweep() {
      return this.#room.wake();
    }
    /** Being called has loaded the cell, and loading has found what an earlier start left behind. */
    boot(): void {}

    override alarm() {
      return this.#room.wake();
    }
  };
}

function asText(execution: ExecutionJson | null): ExecutionText | null {
  return execution && executionText(execution);
}

function hostOf(storage: DurableObjectStorage, boot: string | undefined): Host {
  return {
    boot,
    now: () => Date.now(),
    random: () => Math.random(),
    soon: (run) => void setTimeout(run, 0),
    later: (ms, run) => void setTimeout(run, ms),
    wakeAt: (at) => void storage.setAlarm(at),
    failed: (error) => console.error("a turn could not be committed:", error),
  };
}
