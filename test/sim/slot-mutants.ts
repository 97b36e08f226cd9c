import type { SlotTable } from "#actors/flow-actor/slot-table.ts";
import { createReducer, type Plan, type Reduce } from "#engine/index.ts";
import type { Mutant } from "./mutants.ts";

// Mistakes about concurrency slots, planted on the side of the execution or on that of the flow's table.

/** The table with some of its methods replaced. */
function table(methods: (original: SlotTable) => Partial<SlotTable>): (original: SlotTable) => SlotTable {
  return (original) => Object.assign(Object.create(original) as SlotTable, methods(original));
}

function withoutRelease(isMeant: (status: string) => boolean): (plan: Plan) => Reduce {
  return (plan) => {
    const reduce = createReducer(plan);
    return (before, event) => {
      const step = reduce(before, event);
      if (!isMeant(step.state.status) || !step.effects.some(({ kind }) => kind === "release-slot")) return step;
      const pending = step.state.pending.filter(({ kind }) => kind !== "release-slot");
      const effects = step.effects.filter(({ kind }) => kind !== "release-slot");
      return { state: { ...step.state, pending }, effects };
    };
  };
}

export const SLOT_MUTANTS: readonly Mutant[] = [
  {
    name: "a killed execution does not give its slot back",
    rule: "I4",
    reducer: withoutRelease((status) => status === "KILLED"),
  },
  {
    name: "a restart runs without asking for a slot",
    rule: "I4",
    reducer: (plan) => {
      const [strict, free] = [createReducer(plan), createReducer({ ...plan, concurrency: undefined })];
      return (state, event) => {
        if (event.kind !== "restart-requested" || state.facts === undefined) return strict(state, event);
        const { flags: _, ...facts } = state.facts;
        const step = free({ ...state, facts }, event);
        return step.state.facts === facts ? { ...step, state: { ...step.state, facts: state.facts } } : step;
      };
    },
  },
  {
    name: "one slot more than the limit",
    rule: "I4",
    slots: table((original) => ({
      acquire: (wish, limit, now) => original.acquire(wish, limit && { ...limit, limit: limit.limit + 1 }, now),
    })),
  },
  {
    name: "a slot is freed twice",
    rule: "I4",
    slots: table((original) => ({
      release(executionId, effect, limit, now) {
        original.release(executionId, effect, limit, now);
        const [other] = original.view(limit).holders;
        if (other !== undefined) original.release(other.executionId, "x:999999", limit, now);
      },
    })),
  },
  {
    name: "the last in the queue comes first",
    rule: "I5",
    slotSql: (sql) => ({
      ...sql,
      exec: (query, ...bindings) =>
        sql.exec(
          query.replace("= 'queued' ORDER BY number LIMIT 1", "= 'queued' ORDER BY number DESC LIMIT 1"),
          ...bindings,
        ),
    }),
  },
  {
    name: "a grant is told once, whether heard or not",
    rule: "I11",
    slots: table((original) => {
      const told = new Set<string>();
      return {
        tellings: (now) =>
          original.tellings(now).filter(({ executionId, effect }) => {
            const isFirst = !told.has(`${executionId}/${effect}`);
            told.add(`${executionId}/${effect}`);
            return isFirst;
          }),
      };
    }),
  },
];
