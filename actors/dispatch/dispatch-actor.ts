import { DurableObject } from "cloudflare:workers";
import type { ClaimRequest, HeartbeatRequest, LogBatch, ResultRequest } from "#schema/runner.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { type CellNamespace, cellsOf } from "./cells-adapter.ts";
import type { NewJob } from "./dispatch-core.ts";
import { DispatchRoom } from "./dispatch-room.ts";
import type { DispatchActorRpc } from "./dispatch-rpc.ts";
import type { Clock } from "./ports.ts";

/** The queue of runner jobs of one tenant/group. Wiring only: see dispatch-room.ts. */
export class DispatchActor<Id> extends DurableObject<{ CELL: CellNamespace<Id> }> implements DispatchActorRpc {
  readonly #room: DispatchRoom;

  constructor(ctx: DurableObjectState, env: { CELL: CellNamespace<Id> }) {
    super(ctx, env);
    const { storage } = ctx;
    // The output gate keeps the alarm and the rows of one turn together.
    const alarm = { set: (at: number) => void storage.setAlarm(at) };
    this.#room = new DispatchRoom({
      sql: durableSql(storage),
      alarm,
      clock: platformClock,
      cells: cellsOf(env.CELL, platformClock.now),
    });
  }

  enqueue(job: NewJob) {
    return this.#room.enqueue(job);
  }
  cancel(jobId: string, _reason?: string) {
    return this.#room.cancel(jobId);
  }
  claim(request: ClaimRequest) {
    return this.#room.claim(request);
  }
  heartbeat(request: HeartbeatRequest) {
    return this.#room.heartbeat(request);
  }
  logs(batch: LogBatch) {
    return this.#room.logs(batch);
  }
  result(request: ResultRequest) {
    return this.#room.result(request);
  }
  mayUse(jobId: string, epoch: number, uri?: string) {
    return this.#room.mayUse(jobId, epoch, uri);
  }
  status() {
    return this.#room.status();
  }
  sweep() {
    return this.#room.sweep();
  }
  override alarm() {
    return this.#room.alarm();
  }
}

const platformClock: Clock = {
  now: () => Date.now(),
  after(ms, body) {
    const timer = setTimeout(body, ms);
    return () => clearTimeout(timer);
  },
};
