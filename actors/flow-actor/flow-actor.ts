import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import { FlowLanguage } from "#edge/language.ts";
import type { State } from "#schema/state.ts";
import { registry } from "#tasks/registry.ts";
import { durableSql } from "./durable-sql.ts";
import { FlowCore } from "./flow-core.ts";
import { FlowRoom } from "./flow-room.ts";
import type { FlowKey, FlowRpc, SaveMode } from "./flow-rpc.ts";
import { createFlowWorld } from "./flow-world.ts";

const now = () => Date.now();
const language = new FlowLanguage(registry, now);

/** The Durable Object of a flow: wiring only, see flow-room.ts. */
export class FlowActor extends DurableObject<Env> implements FlowRpc {
  private readonly room: FlowRoom;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const core = new FlowCore(durableSql(ctx.storage), (source) => language.parse(source));
    const setAlarm = (at: number | undefined) =>
      void (at === undefined ? ctx.storage.deleteAlarm() : ctx.storage.setAlarm(at));
    this.room = new FlowRoom(core, createFlowWorld(env, language, now), { now, setAlarm });
  }

  async save(key: FlowKey, source: string, mode: SaveMode) {
    return this.room.save(key, source, mode);
  }
  async head(revision?: number, knows?: number) {
    return this.room.head(revision, knows);
  }
  async remove() {
    return this.room.remove();
  }
  async revisions() {
    return this.room.revisions();
  }
  async triggers() {
    return this.room.triggers();
  }
  async released(triggerId: string, executionId: string, state: State) {
    return this.room.released(triggerId, executionId, state);
  }
  async sweep() {
    return this.room.sweep();
  }
  override async alarm() {
    await this.room.wake();
  }
}
