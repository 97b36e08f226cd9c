import type { SlotTable } from "#actors/flow-actor/slot-table.ts";
import { createReducer, type ExecutionState, type Plan, type Reduce, type TaskRun } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { isTerminal } from "#schema/state.ts";
import { Cell, type CellParts } from "#shell/cell.ts";
import type { Live } from "#shell/live.ts";
import type { Sql } from "#shell/sql.ts";
import type { CellStore } from "#shell/store.ts";
import type { Host, World } from "#shell/world.ts";

import { SLOT_MUTANTS } from "./slot-mutants.ts";

// Mistakes somebody could make, each planted round one part of a cell. A simulator that does not find them finds nothing.

export type Mutant = {
  name: string;
  /** The rule it breaks. */
  rule: string;
  reducer?: (plan: Plan) => Reduce;
  cell?: (parts: CellParts) => Cell;
  store?: (store: CellStore, host: Host) => CellStore;
  world?: (world: World) => World;
  host?: (host: Host) => Host;
  projection?: "unguarded";
  slots?: (table: SlotTable) => SlotTable;
  slotSql?: (sql: Sql) => Sql;
};

/** The object with some of its methods replaced; private fields stay with the original. */
function withMethods<T extends object>(original: T, methods: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function around(make: (reduce: Reduce) => Reduce): (plan: Plan) => Reduce {
  return (plan) => make(createReducer(plan));
}

/** The run that an effect of a task belongs to. */
function runOf(state: ExecutionState, event: ExecutionEvent): TaskRun | undefined {
  return "effect" in event ? state.runs.get(Number.parseInt(event.effect, 10)) : undefined;
}

/** After a kill, runs for which `spared` holds stay as they were. */
function killMisses(spared: (run: TaskRun) => boolean): (plan: Plan) => Reduce {
  return around((reduce) => (before, event) => {
    const step = reduce(before, event);
    if (event.kind !== "kill-requested" || step.state === before) return step;
    let { runs } = step.state;
    for (const run of before.runs) if (spared(run) && !run.dropped) runs = runs.set(run.index, run);
    return { ...step, state: { ...step.state, runs } };
  });
}

const REDUCERS: readonly Mutant[] = [
  {
    name: "an answer counts whatever effect it answers",
    rule: "I1",
    reducer: around((reduce) => (state, event) => {
      const waiting = event.kind === "task-finished" ? runOf(state, event)?.waiting : undefined;
      if (event.kind !== "task-finished" || waiting?.kind !== "answer") return reduce(state, event);
      return reduce(state, { ...event, effect: waiting.effect });
    }),
  },
  {
    name: "a second answer is put into the log",
    rule: "I1",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const isAnswer = event.kind === "task-finished" && runOf(state, event) !== undefined;
      return step.state === state && isAnswer ? { state: { ...state, seq: state.seq + 1 }, effects: [] } : step;
    }),
  },
  {
    name: "a timer nobody waits for ends the attempt that runs",
    rule: "A4",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const waiting = event.kind === "timer-fired" ? runOf(state, event)?.waiting : undefined;
      if (step.state !== state || waiting?.kind !== "answer") return step;
      return reduce(state, {
        kind: "task-finished",
        at: event.at,
        effect: waiting.effect,
        answer: { state: "SUCCESS" },
      });
    }),
  },
  { name: "a kill misses what is retrying", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "retry") },
  { name: "a kill misses what is queued", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "start") },
  { name: "a kill misses what is paused", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "pause") },
  {
    name: "an attempt that was lost is asked for under its old id",
    rule: "A2",
    reducer: around((reduce) => (before, event) => {
      const step = reduce(before, event);
      const run = event.kind === "task-lost" ? runOf(step.state, event) : undefined;
      if (event.kind !== "task-lost" || run?.waiting?.kind !== "start" || step.state === before) return step;
      const { effect } = event;
      const runs = step.state.runs.set(run.index, { ...run, waiting: { kind: "start", effect } });
      const effects = step.effects.map((each) => (each.kind === "run-task" ? { ...each, id: effect } : each));
      return { state: { ...step.state, runs }, effects };
    }),
  },
  {
    name: "a task is tried once more than its policy says",
    rule: "I16",
    reducer: (plan) =>
      createReducer({
        ...plan,
        tasks: plan.tasks.map((task) =>
          task.retry ? { ...task, retry: { ...task.retry, maxAttempts: task.retry.maxAttempts + 1 } } : task,
        ),
      }),
  },
  {
    name: "a late answer revives what has ended",
    rule: "I2",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      if (step.state !== state || event.kind !== "task-finished" || !isTerminal(state.status)) return step;
      return { state: { ...state, seq: state.seq + 1, status: "RUNNING" }, effects: [] };
    }),
  },
  {
    name: "a child's end is not heard while the parent is paused",
    rule: "I12",
    reducer: around(
      (reduce) => (state, event) =>
        event.kind === "subflow-finished" && state.status === "PAUSED" ? { state, effects: [] } : reduce(state, event),
    ),
  },
  {
    name: "a resume forgets to let go what was held back",
    rule: "I11",
    reducer: around((reduce) => (before, event) => {
      const step = reduce(before, event);
      if (event.kind !== "resume-requested" || step.state === before) return step;
      return { state: step.state, effects: step.effects.filter((effect) => effect.kind !== "run-task") };
    }),
  },
];

/** A cell that forgets, when it loads an execution, what that had asked for. */
class ForgetfulCell extends Cell {
  override find(id: string): Live | undefined {
    const live = super.find(id);
    if (live === undefined || known.has(live)) return live;
    known.add(live);
    while (live.asked.shift() !== undefined);
    return live;
  }

  override start(request: Parameters<Cell["start"]>[0]): Live {
    const live = super.start(request);
    known.add(live);
    return live;
  }
}
/** Executions that were loaded and looked at. */
const known = new WeakSet<Live>();

/** A snapshot's text without the timers of what is retrying or sleeps. */
function timeless(body: string): string {
  return JSON.stringify(
    JSON.parse(body, (key, value) =>
      key === "waiting" && ["retry", "sleep"].includes(value.kind) ? undefined : value,
    ),
  );
}

const STORES: readonly Mutant[] = [
  {
    name: "what was asked for before a crash is not asked for again",
    rule: "I15",
    cell: (parts) => new ForgetfulCell(parts),
  },
  {
    name: "a snapshot leaves out its timers",
    rule: "I27",
    store: (store) =>
      withMethods(store, {
        commit(commit) {
          const { snapshot } = commit;
          store.commit(
            snapshot === undefined ? commit : { ...commit, snapshot: { ...snapshot, body: timeless(snapshot.body) } },
          );
        },
      }),
  },
  {
    name: "after a snapshot one event too many is left out",
    rule: "I27",
    store: (store) =>
      withMethods(store, {
        load(id) {
          const stored = store.load(id);
          return stored?.snapshot === undefined ? stored : { ...stored, events: stored.events.slice(1) };
        },
      }),
  },
  {
    name: "events are stored after what they asked for has left",
    rule: "S1",
    store: (store, host) => withMethods(store, { commit: (commit) => host.soon(() => store.commit(commit)) }),
  },
  {
    name: "the time to look again is not written down",
    rule: "S3",
    store: (store) => withMethods(store, { commit: (commit) => store.commit({ ...commit, due: undefined }) }),
  },
  {
    name: "the start of the process is not written down",
    rule: "A2",
    store: (store) => withMethods(store, { commit: (commit) => store.commit({ ...commit, boot: undefined }) }),
  },
];

/** The call counts as done although it was refused. */
const swallowed = (call: Promise<void>): Promise<void> => call.catch(() => undefined);
let fresh = 0;

const WORLDS: readonly Mutant[] = [
  { name: "the projection has no guard of sequence numbers", rule: "I10", projection: "unguarded" },
  {
    name: "a parent that could not be reached counts as told",
    rule: "I12",
    world: (world) => withMethods(world, { tellParent: (told) => swallowed(world.tellParent(told)) }),
  },
  {
    name: "a child that could not be reached counts as killed",
    rule: "I3",
    world: (world) => withMethods(world, { command: (id, command) => swallowed(world.command(id, command)) }),
  },
  {
    name: "a row that could not be sent counts as confirmed",
    rule: "I10",
    world: (world) => withMethods(world, { project: (rows) => swallowed(world.project(rows)) }),
  },
  {
    name: "a job that could not be enqueued counts as queued",
    rule: "I11",
    world: (world) => withMethods(world, { enqueue: (job, group) => swallowed(world.enqueue(job, group)) }),
  },
  {
    name: "a repeated start of a subflow starts another one",
    rule: "I12",
    world: (world) =>
      withMethods(world, {
        startSubflow(asker, effect, request, trigger) {
          fresh += 1;
          const other = { ...asker, nonce: fresh };
          return world.startSubflow(other, effect, request, trigger);
        },
      }),
  },
  {
    name: "the alarm is the latest timer, not the earliest",
    rule: "I11",
    host(host) {
      let latest = 0;
      return withMethods(host, {
        wakeAt(at) {
          latest = Math.max(latest, at);
          host.wakeAt(latest);
        },
      });
    },
  },
  { name: "the alarm is never set", rule: "I11", host: (host) => withMethods(host, { wakeAt: () => {} }) },
  {
    name: "what is to be done soon is never done",
    rule: "S2",
    host: (host) => withMethods(host, { soon: () => {} }),
  },
];

export const MUTANTS: readonly Mutant[] = [...REDUCERS, ...STORES, ...WORLDS, ...SLOT_MUTANTS];

/** The id of a child as the simulator's world makes it; another for each call under the mutant that forgets to derive it. */
export function childIdOf(asker: { executionId: string; nonce?: number }, effect: string, cells: number): string {
  const parts = [asker.executionId, effect];
  return derivedExecutionId(asker.nonce === undefined ? parts : [...parts, String(asker.nonce)], cells);
}
