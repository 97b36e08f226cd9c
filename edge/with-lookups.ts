import { type Lookup, type LookupAnswer, lookupKey } from "#expr/index.ts";
import type { Asker } from "#shell/world.ts";
import type { Env } from "./env.ts";
import { lookUp } from "./lookups.ts";

export type Place = { tenant: string; namespace: string; flowId: string };

const MAX_ROUNDS = 10;

/** Calls `attempt` with the answers to what it asked for, until it asks for nothing more. For expressions outside an execution. */
export async function withLookups<T>(
  env: Env,
  { tenant, namespace, flowId }: Place,
  attempt: (answers: ReadonlyMap<string, LookupAnswer>) => { done: T } | { needs: readonly Lookup[] },
): Promise<T> {
  const asker: Asker = { tenant, namespace, flowId, executionId: "", trigger: undefined };
  const answers = new Map<string, LookupAnswer>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = attempt(answers);
    if ("done" in outcome) return outcome.done;
    await Promise.all(
      outcome.needs.map(async (lookup) => answers.set(lookupKey(lookup), await lookUp(env, asker, lookup))),
    );
  }
  throw new Error("an expression asks for look-ups without end");
}
