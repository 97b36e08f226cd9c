import { scheduleViolations } from "./audit/schedules.ts";
import type { Lab } from "./lab.ts";
import { isPunctual } from "./settings.ts";
import type { SimActor } from "./sim-actor.ts";
import type { SimCell } from "./sim-cell.ts";
import type { SimFlow } from "./sim-flow.ts";
import type { SimLists } from "./sim-lists.ts";
import { LEASED, type SimWorkers } from "./sim-workers.ts";

// What only the end of a schedule shows.

export type Everything = {
  lab: Lab;
  cells: readonly SimCell[];
  flows: ReadonlyMap<string, SimFlow>;
  actors: readonly SimActor<unknown>[];
  workers: SimWorkers;
  lists: SimLists;
  /** What the client was told is accepted. */
  accepted: ReadonlySet<string>;
};

/** Triggers that wait for an execution. */
export function locked(flows: Iterable<SimFlow>): string[] {
  return [...flows].flatMap((flow) => {
    const states = flow.call(() => flow.core?.triggers.states());
    if (states === undefined) return [`${flow.name} is down`];
    return states
      .filter(({ lockedBy }) => lockedBy !== null)
      .map(({ triggerId, lockedBy }) => `trigger ${triggerId} of ${flow.name} still waits for ${lockedBy}`);
  });
}

/** Slots that somebody holds or waits for. */
export function slotted(flows: Iterable<SimFlow>): string[] {
  return [...flows].flatMap((flow) =>
    [...(flow.slots()?.holders ?? []), ...(flow.slots()?.queue ?? [])].map(
      ({ executionId }) => `${executionId} holds or awaits a slot of ${flow.name}`,
    ),
  );
}

/** Each cell is started afresh; everything is looked at. */
export function checkAtEnd(everything: Everything): void {
  const { lab, cells, actors, lists, accepted } = everything;
  const { audit, settings } = lab;
  const there = new Set<string>();
  for (const actor of actors) if (!actor.isUp) actor.up();
  for (const cell of cells) {
    cell.down();
    cell.up();
    for (const id of cell.ids()) {
      if (there.has(id)) audit.complain(`I6 ${id} is in two cells`);
      there.add(id);
      const live = cell.call((up) => up.find(id));
      checkLines(everything, id, cell);
      if (live !== undefined && cell.store !== undefined) audit.checkLoaded(id, cell.store.events(id, 0), live.state);
    }
  }
  for (const { id } of audit.live()) if (!there.has(id)) audit.complain(`I28 ${id} was committed and is gone`);
  for (const id of accepted)
    if (!there.has(id) && !audit.deleted.has(id)) audit.complain(`I6 ${id} was accepted and is gone`);
  audit.finish();
  lists.finish();
  checkFlows(everything);
  checkWork(everything);
  if (settings.schedule !== undefined)
    for (const text of scheduleViolations(audit.trails.values(), settings.schedule, isPunctual(settings)))
      audit.complain(text);
  for (const { name, errors } of actors)
    for (const error of errors.slice(0, 3))
      audit.complain(`${name} broke: ${error instanceof Error ? error.stack : String(error)}`);
}

/** [I8] Log lines that were acknowledged are there, and a line that an agent wrote under a lease is there once. */
function checkLines({ workers, lab }: Everything, id: string, cell: SimCell): void {
  const there = new Set<string>();
  for (const { message } of cell.store?.lines(id, 0) ?? []) {
    if (there.has(message) && message.includes(LEASED)) lab.audit.complain(`I8 ${id}: "${message}" is there twice`);
    there.add(message);
  }
  const kept = workers.kept.filter(({ executionId }) => executionId === id);
  for (const { message } of kept)
    if (!there.has(message)) lab.audit.complain(`I8 ${id}: the line "${message}" was acknowledged and is gone`);
}

function checkFlows({ lab, flows }: Everything): void {
  const { audit } = lab;
  for (const text of locked(flows.values())) audit.complain(`I11 ${text}`);
  for (const text of slotted(flows.values())) audit.complain(`I4 ${text} at the end`);
  for (const { state, source, id } of audit.trails.values()) {
    const { facts } = state;
    const actor = flows.get(`${facts?.tenant}/${facts?.flowId}`);
    if (!actor?.saved.includes(source)) audit.complain(`I23 ${id} runs what ${facts?.tenant} never saved`);
  }
}

/** [I15] What ended well outside was done there. */
function checkWork({ lab, workers }: Everything): void {
  const done = new Set(workers.done.map(({ taskRunId }) => taskRunId));
  for (const { id, plan, state, isOverridden } of lab.audit.live())
    for (const run of isOverridden ? [] : state.runs) {
      const planned = plan.tasks[run.task];
      if (run.state !== "SUCCESS" || run.error !== undefined || run.dropped) continue;
      if (planned?.type !== "sim.Edge" && planned?.type !== "sim.Agent") continue;
      // Stopped by a broken SLA it has failed, which such a task counts as a success.
      if (planned.task.allowFailure && planned.task.allowWarning) continue;
      if (!done.has(`${id.slice(0, 16)}-${run.index.toString(36)}`))
        lab.audit.complain(`I15 ${id}: ${planned.id} succeeded and was never done`);
    }
}
