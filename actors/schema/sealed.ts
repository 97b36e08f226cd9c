import type { Json, JsonObject } from "./json.ts";

// Secret texts as events, states and outputs have them: encrypted, in a map with one key of ours.
//
// Z1. The text itself is in no event, no row and no answer: who needs it asks the world to open it, and it is masked from then on.
// Z2. What is sealed never leaves the server: every answer of the API shows MASK in its place. So nobody outside knows one
//     that could be handed in as a value.
// Z3. A sealed text means the same everywhere on this server: it may be copied to another execution as it is.

export const SEALED_KEY = "\u0001sealed";
/** What is shown instead of a secret. */
export const MASK = "******";

/** `cipher`: what the server's cipher made of the text. */
export function sealedValue(cipher: string): JsonObject {
  return { [SEALED_KEY]: cipher };
}

/** The encrypted text that `value` stands for; undefined when it stands for none. */
export function cipherIn(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, SEALED_KEY)) return undefined;
  const cipher: unknown = Reflect.get(value, SEALED_KEY);
  return typeof cipher === "string" && Object.keys(value).length === 1 ? cipher : undefined;
}

const known = new WeakMap<object, boolean>();

/** True when a sealed text is anywhere within. Values are never changed, so it is found out once for each. */
export function holdsSealed(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  let holds = known.get(value);
  if (holds === undefined) {
    holds = Object.hasOwn(value, SEALED_KEY) || Object.values(value).some(holdsSealed);
    known.set(value, holds);
  }
  return holds;
}

/** Every sealed text within. */
export function ciphersIn(value: unknown): string[] {
  const cipher = cipherIn(value);
  if (cipher !== undefined) return [cipher];
  return holdsSealed(value) ? Object.values(value as object).flatMap(ciphersIn) : [];
}

/** `value` with what `of` gives for each sealed text; the same object when there is none. */
export function replaceSealed<T>(value: T, of: (cipher: string) => Json): T {
  if (!holdsSealed(value)) return value;
  const replace = (inner: unknown): unknown => {
    const cipher = cipherIn(inner);
    if (cipher !== undefined) return of(cipher);
    if (typeof inner !== "object" || inner === null || !holdsSealed(inner)) return inner;
    if (Array.isArray(inner)) return inner.map(replace);
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, replace(item)]));
  };
  return replace(value) as T;
}

/** `value` as it may be shown. */
export function maskSealed<T>(value: T): T {
  return replaceSealed(value, () => MASK);
}
