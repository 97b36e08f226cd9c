import { FlowCore } from "#actors/flow-actor/flow-core.ts";
import { FlowRoom, type FlowWorld } from "#actors/flow-actor/flow-room.ts";
import type { FlowHead, FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { Flow } from "#schema/flow.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import type { SlotView } from "#schema/slot.ts";
import { TERMINAL_STATES } from "#schema/state.ts";
import type { Cell } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import { SlotAudit, strays } from "./audit/slots.ts";
import { CELLS, type Lab } from "./lab.ts";
import { withMethods } from "./mutants/mutant.ts";
import { isPunctual } from "./settings.ts";
import { SimActor } from "./sim-actor.ts";
import type { SimCalls } from "./sim-calls.ts";
import type { Reach } from "./sim-workers.ts";

/** The real actor of a flow, on a database that outlives it. */
export class SimFlow extends SimActor<FlowRoom> {
  readonly key: FlowKey;
  core: FlowCore | undefined;
  /** Sources that were saved, oldest first: what an execution runs is one of them. */
  readonly saved: string[] = [];
  readonly #calls: SimCalls;
  readonly #reach: Reach;
  readonly #slotAudit = new SlotAudit();
  #changed = 0;

  constructor(key: FlowKey, lab: Lab, calls: SimCalls, reach: Reach) {
    super(`flow ${key.tenant}/${key.flowId}`, lab);
    this.key = key;
    this.#calls = calls;
    this.#reach = reach;
  }

  protected make(life: number): FlowRoom {
    const sql = this.sql(life);
    const own = new FlowCore(sql, (source) => ({ flow: JSON.parse(source) as Flow, problems: [] }));
    this.core = own;
    const { triggers, slots } = this.lab.mutant ?? {};
    const core = withMethods(own, {
      triggers: triggers?.(own.triggers, this) ?? own.triggers,
      slots: slots?.(own.slots, this) ?? own.slots,
    });
    const world = this.#world();
    return new FlowRoom(core, this.lab.mutant?.flowWorld?.(world, this) ?? world, {
      now: () => this.now(),
      setAlarm: (at) => this.alarm.set(at),
    });
  }

  protected woken(): Promise<void> {
    return this.ask((room) => room.wake()).catch((error: unknown) => void this.note(error));
  }

  sweep(): void {
    this.ask((room) => room.sweep()).catch((error: unknown) => this.note(error));
  }

  #world(): FlowWorld {
    const { tenant, namespace, flowId } = this.key;
    return {
      executionId: (_key, triggerId, dueAt) =>
        derivedExecutionId([tenant, namespace, flowId, triggerId, String(dueAt)], CELLS),
      plan: () => Promise.resolve({ inputs: {}, labels: [] }),
      start: (request) => this.#calls.call(`start ${request.id}`, () => this.#start(request)).then(() => undefined),
      stateOf: (id) =>
        this.#calls
          .call(`state of ${id}`, () => this.#reach(id, (cell) => ({ state: cell.find(id)?.state.status })))
          .then(({ state }) => state),
      tellSlot: ({ executionId, effect, answer, reason }) => {
        const said = reason === undefined ? { answer } : { answer, reason };
        const tell = (cell: Cell) => {
          const live = cell.find(executionId);
          return live !== undefined && cell.slotAnswered(live, effect, said);
        };
        return this.#calls.call(`slot told to ${executionId}`, () => this.#reach(executionId, tell));
      },
      running: () => this.#calls.call("who runs", () => this.#running()),
      project: () => this.#calls.call("project a flow", () => true).then(() => undefined),
    };
  }

  protected override durable(): void {
    const { core, lab } = this;
    if (core === undefined || !this.isUp) return;
    const view = core.slots.view(core.limit());
    if (view.limit === undefined && view.holders.length === 0) return;
    const { trails } = lab.audit;
    const { tenant, flowId } = this.key;
    const { message, worker } = lab.settings;
    const isCalm =
      isPunctual(lab.settings) && message.refused + message.lost + worker.dies === 0 && message.longestDelayMs <= 2_000;
    for (const text of this.#slotAudit.check(view, trails, lab.clock.now, isCalm)) lab.audit.complain(text);
    const own = lab.audit.live().filter(({ state: { facts } }) => facts?.tenant === tenant && facts.flowId === flowId);
    for (const text of strays(view, own)) lab.audit.complain(text);
  }

  #running(): string[] {
    const { tenant, flowId } = this.key;
    const ended = new Set<string>(TERMINAL_STATES);
    const live = this.lab.audit.live().filter(({ state }) => !ended.has(state.status) && state.status !== "QUEUED");
    return live
      .filter(({ state: { facts } }) => facts?.tenant === tenant && facts.flowId === flowId)
      .map(({ id }) => id);
  }

  /** Who has a slot, and who waits for one, as the rows say; undefined while it is down. */
  slots(): SlotView | undefined {
    return this.call(() => this.core?.slots.view(this.core.limit()));
  }

  #start(request: StartRequest): boolean | undefined {
    if (this.lab.audit.deleted.has(request.id)) return true;
    return this.#reach(request.id, (cell: Cell): Live => cell.start(request)) && true;
  }

  /** Somebody saves the flow and tries again until that is heard. */
  save(flow: Flow): void {
    const change = ++this.#changed;
    const source = JSON.stringify(flow);
    this.saved.push(source);
    const attempt = () => {
      if (change !== this.#changed) return;
      this.#calls
        .call(`save ${this.name}`, () =>
          change === this.#changed ? this.ask((room) => room.save(this.key, source, "upsert")) : undefined,
        )
        .then(
          (answer) => {
            if (answer.kind !== "saved") this.lab.audit.complain(`I6 saving ${this.name} was answered ${answer.kind}`);
          },
          () => this.lab.clock.in(1_000, `save ${this.name} again`, attempt),
        );
    };
    attempt();
  }

  /** The schedule that starts it. */
  get schedule() {
    return this.key.flowId === "clock" ? this.lab.settings.schedule : undefined;
  }

  head(): Promise<FlowHead> {
    return this.ask((room) => room.head());
  }
}
