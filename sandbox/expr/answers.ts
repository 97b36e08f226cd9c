import type { Json } from "#schema/json.ts";
import { failure, NeedsLookup } from "./errors.ts";
import { type Lookup, type LookupAnswer, lookupKey } from "./lookups.ts";

/**
 * The recorded answer; without one, whatever is evaluated stops and asks for it. For entries of a LazyMap that the world holds, and for
 * functions.
 */
export function answerTo(lookup: Lookup, answers: ReadonlyMap<string, LookupAnswer> | undefined): Json {
  const answer = answers?.get(lookupKey(lookup));
  if (answer === undefined) throw new NeedsLookup([lookup]);
  if (!answer.ok) throw failure(answer.message);
  return answer.value;
}
