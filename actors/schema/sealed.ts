import type { Json, JsonObject } from "./json.ts";
import { MASK } from "./mask.ts";

// Secret texts as events, states and outputs have them: encrypted, in a map with one key of ours, with what may be shown of them.
//
// Z1. The text itself is in no event, no row and no answer: who needs it asks the world to open it, and it is masked from then on.
// Z2. What is sealed never leaves the server: every answer of the API shows what may be shown in its place. So nobody outside
//     knows one that could be handed in as a value.
// Z3. A sealed text means the same everywhere on this server: it may be copied to another execution as it is.

export const SEALED_KEY = "\u0001sealed";

/** `cipher`: what the server's cipher made of the text. `shown`: the text as it may be shown. */
export type Sealed = { cipher: string; shown: string };

export function sealedValue(cipher: string, shown = MASK): JsonObject {
  return { [SEALED_KEY]: { cipher, shown } };
}

/** The sealed text that `value` stands for; undefined when it stands for none. */
export function sealedIn(value: unknown): Sealed | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, SEALED_KEY)) return undefined;
  const sealed: unknown = Reflect.get(value, SEALED_KEY);
  if (typeof sealed !== "object" || sealed === null || Object.keys(value).length !== 1) return undefined;
  const { cipher, shown } = sealed as Partial<Sealed>;
  return typeof cipher === "string" && typeof shown === "string" ? { cipher, shown } : undefined;
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

/** What is encrypted of every sealed text within. */
export function ciphersIn(value: unknown): string[] {
  const sealed = sealedIn(value);
  if (sealed !== undefined) return [sealed.cipher];
  return holdsSealed(value) ? Object.values(value as object).flatMap(ciphersIn) : [];
}

/** `value` with what `of` gives for each sealed text; the same object when there is none. */
export function replaceSealed<T>(value: T, of: (sealed: Sealed) => Json): T {
  if (!holdsSealed(value)) return value;
  const replace = (inner: unknown): unknown => {
    const sealed = sealedIn(inner);
    if (sealed !== undefined) return of(sealed);
    if (typeof inner !== "object" || inner === null || !holdsSealed(inner)) return inner;
    if (Array.isArray(inner)) return inner.map(replace);
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, replace(item)]));
  };
  return replace(value) as T;
}

/** `value` as it may be shown. */
export function maskSealed<T>(value: T): T {
  return replaceSealed(value, ({ shown }) => shown);
}

/** `value` with what `of` gives for each text in it; names, and what is sealed already, are left as they are. */
export function mapTexts<T>(value: T, of: (text: string) => unknown): T {
  const map = (inner: unknown): unknown => {
    if (typeof inner === "string") return of(inner);
    if (typeof inner !== "object" || inner === null || sealedIn(inner) !== undefined) return inner;
    if (Array.isArray(inner)) return inner.map(map);
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, map(item)]));
  };
  return map(value) as T;
}
