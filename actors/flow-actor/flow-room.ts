import type { StartRequest } from "#schema/cell.ts";
import type { Flow } from "#schema/flow.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import { ADOPTED, type SlotAnswer, type SlotView, type SlotWish } from "#schema/slot.ts";
import { isTerminal, type State } from "#schema/state.ts";
import type { FlowCore } from "./flow-core.ts";
import type { FlowHead, FlowKey, FlowRevision, FlowRpc, SaveAnswer, SaveMode, TriggerState } from "./flow-rpc.ts";
import { scheduleOf, scheduleVariables } from "./schedule.ts";
import type { SlotTelling } from "./slot-table.ts";
import type { Claim } from "./trigger-table.ts";

// What a flow's actor does: save, answer, start executions when their date has come, tell the lists.
//
// R1. A claim is written before its execution is started, and is started again until a start was confirmed.
// R2. One alarm: the earliest of all rows' times and of the next try to tell the lists. `arm` alone sets it, at the end of everything.
// R3. A failure of the world outside loses nothing: it is written down and tried again by the alarm.
// R4. A verdict of the slots leaves after the transaction that made it, and by the alarm until it was heard; nobody waits for that.

/** What a trigger says about the execution it starts, rendered. */
export type Planned = { inputs: JsonObject; labels: { key: string; value: string }[]; failure?: string };

/** The world outside a flow's actor. Each call may be repeated. */
export interface FlowWorld {
  executionId(key: FlowKey, triggerId: string, dueAt: EpochMs): string;
  /** Inputs and labels of an execution that `triggerId` starts; `error` says what the flow's author has to mend. */
  plan(key: FlowKey, flow: Flow, triggerId: string, variables: JsonObject): Promise<Planned | { error: string }>;
  start(request: StartRequest): Promise<void>;
  /** The state of an execution, or undefined when there is no such one. */
  stateOf(executionId: string): Promise<State | undefined>;
  /** Tells an execution what became of its wish for a slot; true when it holds, by that effect, what it is granted. */
  tellSlot(telling: SlotTelling): Promise<boolean>;
  /** Executions of the flow that run, as far as lists know. */
  running(key: FlowKey): Promise<readonly string[]>;
  /** Tells the lists. */
  project(key: FlowKey, head: FlowRevision, flow: Flow | undefined, triggers: readonly TriggerState[]): Promise<void>;
}

export interface FlowHost {
  now(): EpochMs;
  /** Undefined: no alarm is needed. */
  setAlarm(at: EpochMs | undefined): void;
}

const TELL_AGAIN_MS = 10_000;
/** After a limit has come, lists are asked this often who runs: they may lag. */
const ADOPT_AGAIN_MS = [10_000, 60_000];

export class FlowRoom implements FlowRpc {
  private readonly core: FlowCore;
  private readonly world: FlowWorld;
  private readonly host: FlowHost;

  constructor(core: FlowCore, world: FlowWorld, host: FlowHost) {
    this.core = core;
    this.world = world;
    this.host = host;
  }

  async save(key: FlowKey, source: string, mode: SaveMode, around = ""): Promise<SaveAnswer> {
    const answer = this.core.save(key, source, mode, this.host.now(), around);
    this.arm();
    await this.tell();
    this.tellSlotsSoon();
    return answer;
  }

  async head(revision?: number, knows?: number): Promise<FlowHead> {
    return this.core.head(revision, knows);
  }

  async remove(): Promise<boolean> {
    const removed = this.core.remove(this.host.now());
    this.arm();
    await this.tell();
    return removed;
  }

  async revisions(): Promise<FlowRevision[]> {
    return this.core.revisions();
  }

  async triggers(): Promise<TriggerState[]> {
    return this.core.triggers.states();
  }

  async released(triggerId: string, executionId: string, state: State): Promise<void> {
    if (this.core.triggers.release({ triggerId, executionId }, state, this.host.now())) this.core.changed();
    await this.wake();
  }

  async acquireSlot(wish: SlotWish): Promise<SlotAnswer> {
    const answer = this.core.slots.acquire(wish, this.core.limit(), this.host.now());
    this.arm();
    this.tellSlotsSoon();
    return answer;
  }

  async releaseSlot(executionId: string, effect: string): Promise<void> {
    this.core.slots.release(executionId, effect, this.core.limit(), this.host.now());
    this.arm();
    this.tellSlotsSoon();
  }

  async concurrency(): Promise<SlotView> {
    return this.core.slots.view(this.core.limit());
  }

  async sweep(): Promise<void> {
    await this.wake();
  }

  /** Does what is due. Called by the alarm, and by whoever thinks that something may be overdue. */
  async wake(): Promise<void> {
    try {
      await this.lookAtExecutions();
      await this.adopt();
      await this.tellSlots();
      await this.startClaims();
      await this.tell();
    } finally {
      this.arm();
    }
  }

  private async startClaims(): Promise<void> {
    const current = this.core.current();
    if (!current) return;
    const { key, flow } = current;
    const claims = this.core.triggers.claim(flow, this.host.now(), (id, dueAt) =>
      this.world.executionId(key, id, dueAt),
    );
    if (claims.length === 0) return;
    this.core.changed();
    this.arm();
    await Promise.all(claims.map((claim) => this.startOne(claim, current)));
  }

  private async startOne(
    claim: Claim,
    { key, head, flow }: { key: FlowKey; head: FlowRevision; flow: Flow },
  ): Promise<void> {
    const { triggers } = this.core;
    try {
      const trigger = flow.triggers.find(({ id }) => id === claim.triggerId);
      const schedule = trigger && scheduleOf(trigger);
      if (!trigger || !schedule) {
        triggers.release(claim, undefined, this.host.now());
        return;
      }
      const variables = scheduleVariables(schedule, claim.dueAt);
      const planned = await this.world.plan(key, flow, trigger.id, variables);
      if ("error" in planned) {
        triggers.release(claim, undefined, this.host.now(), planned.error);
        return;
      }
      await this.world.start({
        id: claim.executionId,
        ...key,
        revision: head.revision,
        source: head.source,
        ...planned,
        trigger: { id: trigger.id, type: trigger.type, variables },
        variables: { schedule: variables },
      });
      triggers.confirm(claim, this.host.now());
    } catch (error) {
      triggers.retry(claim, error instanceof Error ? error.message : String(error), this.host.now());
    } finally {
      this.core.changed();
    }
  }

  /** A trigger whose execution has ended without a word, or never came to be, is let go. */
  private async lookAtExecutions(): Promise<void> {
    for (const waiting of this.core.triggers.looks(this.host.now())) {
      try {
        const state = await this.world.stateOf(waiting.executionId);
        // A retry as a new execution goes on in its place, and the last of them says how it ended.
        if (state !== undefined && (!isTerminal(state) || state === "RETRIED")) continue;
        if (this.core.triggers.release(waiting, state, this.host.now())) this.core.changed();
      } catch (error) {
        console.error(`the execution ${waiting.executionId} could not be asked:`, error);
      }
    }
  }

  /** [R4] Whoever caused it does not wait for it; should it be lost, the alarm tells. */
  private tellSlotsSoon(): void {
    if ((this.core.slots.nextWakeAt() ?? Number.POSITIVE_INFINITY) > this.host.now()) return;
    void this.tellSlotsAndArm();
  }

  private async tellSlotsAndArm(): Promise<void> {
    try {
      await this.tellSlots();
      this.arm();
    } catch (error) {
      console.error("the slots could not be told, which the alarm will do:", error);
    }
  }

  private async tellSlots(): Promise<void> {
    const tellings = this.core.slots.tellings(this.host.now());
    await Promise.all(tellings.map((telling) => this.tellSlot(telling)));
  }

  private async tellSlot(telling: SlotTelling): Promise<void> {
    let taken: boolean;
    try {
      taken = await this.world.tellSlot(telling);
    } catch (error) {
      console.error(`the execution ${telling.executionId} could not be told of its slot:`, error);
      return;
    }
    this.core.slots.told(telling, taken, this.core.limit(), this.host.now());
    if (!taken) this.tellSlotsSoon();
  }

  /** After a limit has come: what runs without a slot takes one, above the limit if need be. */
  private async adopt(): Promise<void> {
    const { slots } = this.core;
    const plannedAt = slots.adoptAt;
    const key = this.core.key();
    if (plannedAt === undefined || plannedAt > this.host.now() || !key) return;
    try {
      slots.adopt(await this.world.running(key), ADOPTED, this.host.now());
      slots.adopted(this.host.now(), ADOPT_AGAIN_MS);
    } catch (error) {
      slots.planAdoption(this.host.now() + TELL_AGAIN_MS);
      console.error(`nobody knows which executions of ${key.namespace}.${key.flowId} run:`, error);
    }
  }

  private async tell(): Promise<void> {
    const change = this.core.unknownChange();
    const key = this.core.key();
    const head = this.core.head();
    if (change === undefined || !key || head.kind === "absent") return;
    const shown = head.kind === "deleted" ? head.last : head.flow;
    try {
      await this.world.project(key, shown, this.core.current()?.flow, this.core.triggers.states());
      this.core.knownUpTo(change);
    } catch (error) {
      console.error(`the lists do not know change ${change} of ${key.namespace}.${key.flowId} yet:`, error);
    }
    this.arm();
  }

  /** [R2] */
  private arm(): void {
    const times: EpochMs[] = [];
    for (const wakeAt of [this.core.triggers.nextWakeAt(), this.core.slots.nextWakeAt()])
      if (wakeAt !== undefined) times.push(wakeAt);
    if (this.core.unknownChange() !== undefined) times.push(this.host.now() + TELL_AGAIN_MS);
    this.host.setAlarm(times.length === 0 ? undefined : Math.min(...times));
  }
}
