import { namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { type Lookup, type LookupAnswer, lookupKey } from "#expr/index.ts";
import { actorByName, type Env } from "./env.ts";
import { secretOf } from "./secrets.ts";

export type Place = { tenant: string; namespace: string };

/** Answers of the outside world, as far as the edge has it: the key-value store and secrets. A problem of the user is an answer too. */
export async function answerLookup(
  env: Env,
  { tenant, namespace }: Place,
  { kind, args }: Lookup,
): Promise<LookupAnswer> {
  const key = String(args.key ?? "");
  switch (kind) {
    case "kv": {
      const owner = typeof args.namespace === "string" ? args.namespace : namespace;
      const found = await actorByName(env.NAMESPACE, namespaceActorName(tenant, owner)).getValue(key);
      return { ok: true, value: found.kind === "found" ? found.value : null };
    }
    case "secret":
      return { ok: true, value: secretOf(env, key) ?? null };
    default:
      return { ok: false, message: `${kind}() cannot be used here: there is no execution yet` };
  }
}

const MAX_ROUNDS = 10;

/** Calls `attempt` with the answers to what it asked for, until it asks for nothing more. */
export async function withLookups<T>(
  env: Env,
  place: Place,
  attempt: (answers: ReadonlyMap<string, LookupAnswer>) => { done: T } | { needs: readonly Lookup[] },
): Promise<T> {
  const answers = new Map<string, LookupAnswer>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = attempt(answers);
    if ("done" in outcome) return outcome.done;
    await Promise.all(
      outcome.needs.map(async (lookup) => answers.set(lookupKey(lookup), await answerLookup(env, place, lookup))),
    );
  }
  throw new Error("an expression asks for look-ups without end");
}
