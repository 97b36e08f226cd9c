import type { EventOf, Expansion } from "#schema/event.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import { isTerminal, type State } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import {
  endRecord,
  type ItemRecord,
  ItemRecords,
  isItemUnderWay,
  recordState,
  runningExecution,
} from "./item-records.ts";
import { attemptAnswered, attemptFailed, endRun, isLeftBehind } from "./runs.ts";
import type { ItemRound, Items, TaskRun } from "./state.ts";

// One execution for each batch of a ForEachItem.
//
// B1. In a round each batch is asked for once, in order; at most MAX_UNANSWERED are asked for and not answered.
// B2. The effect numbers of a round are consecutive: the batch is computed from the id of an effect, never searched.
// B3. A batch ends once in a round. News of one that has ended, or of an earlier round, changes nothing.
// B4. Counts by state are kept as news comes: the cost of news does not depend on how many batches there are. Only a kill, a
//     restart and a load look at all of them.
// B5. After a kill no batch is asked for. Children that run are killed, and so is one of which is heard late.
// B6. A restart or a retry asks for what did not end well, and leaves the rest.

/** Starts that may be under way at a time: enough to keep many cells busy, few enough to let others in between. */
const MAX_UNANSWERED = 20;
/** Batches one task may have. */
const MAX_BATCHES = 1_000_000;

type ItemsExpansion = Extract<Expansion, { kind: "items" }>;
type ItemEvent = EventOf<"subflow-started" | "subflow-finished" | "item-refused">;

/** The batches are counted: asks for the first of them. */
export function openItems(draft: Draft, run: TaskRun, expansion: ItemsExpansion): void {
  const { total, wait, transmitFailed } = expansion;
  if (total > MAX_BATCHES) {
    const message = `There are ${total} batches, ${MAX_BATCHES} are allowed: put more items into a batch.`;
    draft.log("ERROR", message, run.index);
    return attemptFailed(draft, run.index, message, {});
  }
  const again = run.items?.records.size === total ? againOf(run.items) : undefined;
  const count = again?.indices.length ?? total;
  const round = { base: draft.reserve(count), ...(again === undefined ? {} : { indices: again.indices }) };
  const items: Items = {
    wait,
    transmitFailed,
    rounds: [...(again === undefined ? [] : (run.items?.rounds ?? [])), round],
    next: 0,
    open: 0,
    records: again?.records ?? ItemRecords.fresh(total),
    counts: again?.counts ?? { CREATED: total },
  };
  draft.update(run.index, { waiting: { kind: "items" }, items });
  goOn(draft, run.index);
}

/** What a restart asks for again, and the records with those batches taken back. */
function againOf({ records, wait }: Items): {
  indices: number[];
  records: ItemRecords;
  counts: Items["counts"];
} {
  const indices: number[] = [];
  const kept: ItemRecord[] = [];
  const counts: Partial<Record<State, number>> = {};
  let index = 0;
  for (const record of records) {
    const state = recordState(record);
    const isOver =
      state === "SUCCESS" || state === "WARNING" || state === "CANCELLED" || (state === "RUNNING" && !wait);
    if (!isOver) indices.push(index);
    const next = isOver ? record : "-";
    kept.push(next);
    const counted = recordState(next);
    counts[counted] = (counts[counted] ?? 0) + 1;
    index += 1;
  }
  return { indices, records: ItemRecords.of(kept), counts };
}

function lengthOf(round: ItemRound | undefined, items: Items): number {
  return round === undefined ? 0 : (round.indices?.length ?? items.records.size);
}

/** Asks for as many batches as may be under way. */
export function askItems(draft: Draft, index: number): void {
  const run = draft.run(index);
  const { items, waiting } = run;
  const round = items?.rounds.at(-1);
  if (items === undefined || round === undefined || waiting?.kind !== "items") return;
  if (waiting.stop !== undefined || draft.state.held || isLeftBehind(draft, run)) return;
  let { next, open, records } = items;
  for (; open < MAX_UNANSWERED && next < lengthOf(round, items); next++, open++) {
    const batch = round.indices?.[next] ?? next;
    records = records.set(batch, "C");
    draft.ask({ kind: "start-item", id: `${index}:${round.base + next}`, run: index, index: batch });
  }
  if (next !== items.next) draft.update(index, { items: { ...items, next, open, records } });
}

/** The batch of the last round that `effect` asked for; undefined when it is none, or of an earlier round only. */
function batchOf(items: Items, effect: string): number | undefined {
  const number = Number(effect.slice(effect.indexOf(":") + 1));
  const last = items.rounds.length - 1;
  const at = items.rounds.findLastIndex(({ base }) => base <= number);
  const round = items.rounds[at];
  if (round === undefined || number - round.base >= lengthOf(round, items)) return undefined;
  const batch = round.indices?.[number - round.base] ?? number - round.base;
  for (let later = at + 1; later <= last; later++)
    if (includes(items.rounds[later]?.indices ?? [], batch)) return undefined;
  return batch;
}

/** True when the ascending `list` holds `wanted`. */
function includes(list: readonly number[], wanted: number): boolean {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle] ?? 0) < wanted) from = middle + 1;
    else to = middle;
  }
  return list[from] === wanted;
}

/** Starts that are asked for and not answered. */
export function unansweredItems({ index, items }: TaskRun): { id: string; batch: number }[] {
  const round = items?.rounds.at(-1);
  if (items === undefined || round === undefined || items.open === 0) return [];
  const found: { id: string; batch: number }[] = [];
  for (let place = 0; place < items.next; place++) {
    const batch = round.indices?.[place] ?? place;
    if (items.records.get(batch) === "C") found.push({ id: `${index}:${round.base + place}`, batch });
  }
  return found;
}

/** News of the execution of a batch. */
export function itemAnswered(run: TaskRun, event: ItemEvent): Handler | undefined {
  const { items, index } = run;
  const batch = items === undefined ? undefined : batchOf(items, event.effect);
  const record = batch === undefined ? undefined : items?.records.get(batch);
  if (items === undefined || batch === undefined || record === undefined) return undefined;
  const isAsked = record === "C";
  if (isTerminal(run.state)) {
    // Nobody counts any more, but what starts late in a killed execution is killed.
    if (event.kind !== "subflow-started" || !isAsked || items.stopped === undefined) return undefined;
    return (draft) => {
      draft.update(index, { items: { ...items, records: items.records.set(batch, `R:${event.executionId}`) } });
      draft.askAndKeep({ kind: "kill-execution", id: draft.effectId(-1), executionId: event.executionId });
    };
  }
  switch (event.kind) {
    case "subflow-started":
      return isAsked ? (draft) => started(draft, index, batch, event.executionId) : undefined;
    case "item-refused":
      return isAsked ? (draft) => refused(draft, index, batch, event.message) : undefined;
    case "subflow-finished":
      return isAsked || runningExecution(record) !== undefined
        ? (draft) => change(draft, index, batch, endRecord(event.state))
        : undefined;
  }
}

function started(draft: Draft, index: number, batch: number, executionId: string): void {
  draft.log("INFO", `Created new execution [[link execution="${executionId}"]]`, index);
  if (draft.run(index).items?.stopped === true)
    draft.askAndKeep({ kind: "kill-execution", id: draft.effectId(-1), executionId });
  change(draft, index, batch, `R:${executionId}`);
}

function refused(draft: Draft, index: number, batch: number, message: string): void {
  if (draft.run(index).items?.stopped === true) return change(draft, index, batch, "K");
  draft.log("ERROR", `Batch ${batch}: ${message}`, index);
  change(draft, index, batch, "F");
}

/** A batch is in another state. */
function change(draft: Draft, index: number, batch: number, record: ItemRecord): void {
  const { items } = draft.run(index);
  const before = items?.records.get(batch);
  if (items === undefined || before === undefined) return;
  const [from, to] = [recordState(before), recordState(record)];
  const counts = { ...items.counts, [from]: (items.counts[from] ?? 0) - 1 };
  counts[to] = (counts[to] ?? 0) + 1;
  const open = items.open - (before === "C" ? 1 : 0);
  draft.update(index, { items: { ...items, open, counts, records: items.records.set(batch, record) } });
  goOn(draft, index);
}

/** What follows from the counts: the end, or more to ask for. */
function goOn(draft: Draft, index: number): void {
  const run = draft.run(index);
  const { items, waiting } = run;
  if (items === undefined) return;
  draft.update(index, { outputs: outputsOf(items) });
  if (waiting?.kind !== "items") return;
  const { CREATED = 0, RUNNING = 0 } = items.counts;
  if (waiting.stop !== undefined) {
    if (!isItemUnderWay(items)) endRun(draft, index, "KILLED", {});
  } else if (CREATED === 0 && (RUNNING === 0 || !items.wait)) finish(draft, run, items);
  else if (isLeftBehind(draft, run)) {
    if (!isItemUnderWay(items)) endRun(draft, index, "KILLED", {});
  } else askItems(draft, index);
}

function outputsOf({ records, counts }: Items): JsonObject {
  const iterations = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return { numberOfBatches: records.size, iterations };
}

function finish(draft: Draft, run: TaskRun, items: Items): void {
  const { FAILED = 0, KILLED = 0, WARNING = 0 } = items.counts;
  const outputs = outputsOf(items);
  if (!items.transmitFailed || FAILED + KILLED + WARNING === 0)
    return attemptAnswered(draft, run, { state: "SUCCESS", outputs });
  const state = FAILED > 0 ? "FAILED" : KILLED > 0 ? "KILLED" : "WARNING";
  const error = `${items.counts[state]} of ${items.records.size} batches ended ${state}.`;
  attemptAnswered(draft, run, { state, outputs, error });
}

/** Kills the children, unless `cascade` is false; true when the run ends only once they have. */
export function stopItems(draft: Draft, run: TaskRun, cascade: boolean, graceMs: number): boolean {
  const { items, index } = run;
  if (items === undefined || !cascade) {
    draft.move(index, "KILLED", { waiting: undefined });
    return false;
  }
  const executionIds = [...items.records].flatMap((record) => runningExecution(record) ?? []);
  if (executionIds.length > 0) draft.askAndKeep({ kind: "kill-executions", id: draft.effectId(-1), executionIds });
  const stopped: Items = { ...items, stopped: true };
  if (!isItemUnderWay(items)) {
    draft.move(index, "KILLED", { waiting: undefined, items: stopped });
    return false;
  }
  const at: EpochMs = draft.at + graceMs;
  draft.move(index, "KILLING", {
    waiting: { kind: "items", stop: { id: draft.timer(index, at), at } },
    items: stopped,
  });
  return true;
}
