import { createReducer } from "#engine/index.ts";
import { around, type Mutant, withMethods } from "./mutant.ts";

// Mistakes in how the executions of a limited flow are let in.

export const SLOTS: readonly Mutant[] = [
  {
    name: "a slot is freed twice",
    rule: "I4",
    slots: (slots, flow) =>
      withMethods(slots, {
        release(executionId, effect, limit, now) {
          slots.release(executionId, effect, limit, now);
          flow.database.exec("DELETE FROM slots WHERE number = (SELECT min(number) FROM slots WHERE state = 'held')");
          slots.settle(limit, now);
        },
      }),
  },
  {
    name: "a slot is not freed when its execution is cancelled",
    rule: "I4",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      if (step.state.status !== "CANCELLED" || state.status === "CANCELLED") return step;
      const pending = step.state.pending.filter(({ kind }) => kind !== "release-slot");
      const effects = step.effects.filter(({ kind }) => kind !== "release-slot");
      return { state: { ...step.state, pending }, effects };
    }),
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
    name: "a grant is told once, whether heard or not",
    rule: "I11",
    slots: (slots) => {
      const told = new Set<string>();
      return withMethods(slots, {
        tellings: (now) =>
          slots.tellings(now).filter(({ executionId, effect }) => {
            const isFirst = !told.has(`${executionId}/${effect}`);
            told.add(`${executionId}/${effect}`);
            return isFirst;
          }),
      });
    },
  },
  {
    name: "an execution is let in before that is written down",
    rule: "I4",
    slots: (slots, flow) =>
      withMethods(slots, {
        acquire(wish, limit, now) {
          const answer = slots.acquire(wish, limit, now);
          if (answer.answer === "granted" && limit !== undefined)
            flow.database.prepare("DELETE FROM slots WHERE execution_id = ?").run(wish.executionId);
          return answer;
        },
      }),
  },
  {
    name: "whoever came last is let in first",
    rule: "I5",
    slots: (slots, flow) =>
      withMethods(slots, {
        release(executionId, effect, limit, now) {
          flow.database.exec("UPDATE slots SET number = -number WHERE state = 'queued'");
          slots.release(executionId, effect, limit, now);
        },
      }),
  },
  {
    name: "a kill misses an execution in the queue",
    rule: "I3",
    reducer: around(
      (reduce) => (state, event) =>
        event.kind === "kill-requested" && state.status === "QUEUED" ? { state, effects: [] } : reduce(state, event),
    ),
  },
  {
    name: "the limit is one higher than the flow says",
    rule: "I4",
    slots: (slots) =>
      withMethods(slots, {
        acquire: (wish, limit, now) => slots.acquire(wish, limit && { ...limit, limit: limit.limit + 1 }, now),
      }),
  },
];
