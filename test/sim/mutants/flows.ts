import type { DispatchRoom } from "#actors/dispatch/dispatch-room.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { CELLS } from "../lab.ts";
import type { SimFlow } from "../sim-flow.ts";
import { type Mutant, withMethods } from "./mutant.ts";

// Mistakes in what starts executions by the clock, and in what keeps the jobs of agents.

/** Changes the time at which the triggers of a flow are due next, after each claim. */
function nextAt(
  change: (row: { next_at: number; date_at: number; stepMs: number; now: number }) => number,
): Mutant["triggers"] {
  return (triggers, flow) =>
    withMethods(triggers, {
      claim(of, now, executionId) {
        const claims = triggers.claim(of, now, executionId);
        const stepMs = (flow.schedule?.seconds ?? 0) * 1_000;
        for (const { triggerId } of claims) {
          const [row] = rowsOf(flow, triggerId);
          if (row === undefined || stepMs === 0) continue;
          const at = change({ next_at: Number(row.next_at), date_at: Number(row.date_at), stepMs, now });
          flow.database.prepare("UPDATE triggers SET next_at = ? WHERE id = ?").run(at, triggerId);
        }
        return claims;
      },
    });
}

function rowsOf(flow: SimFlow, triggerId: string) {
  return flow.database.prepare("SELECT next_at, date_at FROM triggers WHERE id = ?").all(triggerId);
}

/** The epoch under which the job is leased now, whatever its agent says. */
async function currentEpoch(room: DispatchRoom, id: string, said: number): Promise<number> {
  for (let epoch = 1; epoch < said + 5; epoch++) if ((await room.mayUse(id, epoch)) !== null) return epoch;
  return said;
}

let counted = 0;

export const FLOWS: readonly Mutant[] = [
  {
    name: "a date of a schedule is named by the revision, too",
    rule: "I7",
    triggers: (triggers, flow) =>
      withMethods(triggers, {
        claim: (of, now, executionId) =>
          triggers.claim(of, now, executionId).map((claim) => {
            const parts = [flow.name, String(claim.dueAt), String(flow.core?.key() && flow.saved.length)];
            return { ...claim, executionId: derivedExecutionId(parts, CELLS) };
          }),
      }),
  },
  {
    name: "the next date is counted from the clock",
    rule: "I7",
    triggers: nextAt(({ now, stepMs }) => Math.floor(now / stepMs) * stepMs + stepMs),
  },
  {
    name: "of the missed dates one is left out",
    rule: "I7",
    triggers: nextAt(({ next_at, stepMs, now }) => (now > next_at ? next_at + stepMs : next_at)),
  },
  {
    name: "the date at the edge is taken twice",
    rule: "I7",
    triggers: nextAt(({ date_at, next_at, stepMs }) => (date_at % (3 * stepMs) === 0 ? date_at : next_at)),
    flowWorld: (world, flow) =>
      withMethods(world, {
        executionId: (_key, triggerId, dueAt) => {
          counted += 1;
          return derivedExecutionId([flow.name, triggerId, String(dueAt), String(counted)], CELLS);
        },
      }),
  },
  {
    name: "the lock of a trigger is never released",
    rule: "I11",
    triggers: (triggers) => withMethods(triggers, { release: () => false }),
  },
  {
    name: "a lease has no epoch",
    rule: "I14",
    dispatch: (room) =>
      withMethods(room, {
        result: async (request) =>
          room.result({ ...request, epoch: await currentEpoch(room, request.id, request.epoch) }),
      }),
  },
  {
    name: "the epoch of log lines is not looked at",
    rule: "I14",
    dispatch: (room) =>
      withMethods(room, {
        logs: async (batch) => room.logs({ ...batch, epoch: await currentEpoch(room, batch.id, batch.epoch) }),
      }),
  },
  {
    name: "log lines are acknowledged before they are written",
    rule: "I8",
    dispatch: (room) =>
      withMethods(room, {
        logs: (batch) => {
          room.logs(batch).catch(() => undefined);
          return Promise.resolve({ acknowledged: batch.from + batch.lines.length });
        },
      }),
  },
];
