import { DurableObject } from "cloudflare:workers";
import type { SlotWish } from "#schema/slot.ts";
import type { State } from "#schema/state.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { FlowCore, type ParseFlow } from "./flow-core.ts";
import { FlowRoom, type FlowWorld } from "./flow-room.ts";
import type { FlowKey, FlowRpc, SaveMode } from "./flow-rpc.ts";

/** What the deployment gives a flow's actor beside its storage. */
export type FlowOutside<Env> = { world(env: Env): FlowWorld; parse: ParseFlow };

/** The Durable Object of a flow: wiring only, see flow-room.ts. */
export function flowActor<Env>(outside: FlowOutside<Env>) {
  return class FlowActor extends DurableObject<Env> implements FlowRpc {
    readonly #room: FlowRoom;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      const { storage } = ctx;
      const core = new FlowCore(durableSql(storage), outside.parse);
      const setAlarm = (at: number | undefined) =>
        void (at === undefined ? storage.deleteAlarm() : storage.setAlarm(at));
      this.#room = new FlowRoom(core, outside.world(env), { now: () => Date.now(), setAlarm });
    }

    save(key: FlowKey, source: string, mode: SaveMode, around?: string) {
      return this.#room.save(key, source, mode, around);
    }
    head(revision?: number, knows?: number) {
      return this.#room.head(revision, knows);
    }
    remove() {
      return this.#room.remove();
    }
    revisions() {
      return this.#room.revisions();
    }
    triggers() {
      return this.#room.triggers();
    }
    released(triggerId: string, executionId: string, state: State) {
      return this.#room.released(triggerId, executionId, state);
    }
    acquireSlot(wish: SlotWish) {
      return this.#room.acquireSlot(wish);
    }
    releaseSlot(executionId: string, effect: string) {
      return this.#room.releaseSlot(executionId, effect);
    }
    concurrency() {
      return this.#room.concurrency();
    }
    sweep() {
      return this.#room.sweep();
    }
    override alarm() {
      return this.#room.wake();
    }
  };
}
