import type { ExecutionEvent } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Masker } from "#schema/mask.ts";
import { mapTexts, sealedIn, sealedValue } from "#schema/sealed.ts";
import type { Vault } from "./store.ts";

// Secrets in what tasks give: a text that holds one is sealed before it is stored. Expressions still read it, nobody else does.
// What is only shown (labels, tags of metrics) is masked. Where the server has no key, a text is stored as it is: then there are
// no SECRET inputs, only what `secret()` has given.

/** The parts of an event that expressions read, by where they stand. */
type Parts = { outputs?: JsonObject | undefined; inputs?: JsonObject | undefined; variables?: JsonObject | undefined };

/** The event without the secrets that the masker knows; the event itself when it has none. */
export function sealedEvent(event: ExecutionEvent, masker: Masker, vault: Vault): ExecutionEvent {
  if (masker.secrets.length === 0 || !tells(masker, [partsOf(event), shownOf(event)])) return event;
  const sealed = mapTexts(partsOf(event), (text) => {
    const shown = masker.mask(text);
    const cipher = shown === text ? undefined : vault.seal(text);
    return cipher === undefined ? text : sealedValue(cipher, shown);
  });
  return withMasked(masker, withParts(event, sealed));
}

function tells(masker: Masker, value: unknown): boolean {
  if (typeof value === "string") return masker.mask(value) !== value;
  if (typeof value !== "object" || value === null || sealedIn(value) !== undefined) return false;
  return Object.values(value).some((item) => tells(masker, item));
}

function partsOf(event: ExecutionEvent): Parts {
  switch (event.kind) {
    case "task-finished":
      return { outputs: event.answer.outputs, variables: event.answer.updates?.variables };
    case "task-expanded":
      return {
        outputs: event.outputs,
        inputs: event.expansion.kind === "subflow" ? event.expansion.inputs : undefined,
      };
    case "subflow-finished":
    case "outputs-rendered":
    case "place-closed":
    case "loop-evaluated":
      return { outputs: event.outputs };
    default:
      return {};
  }
}

function withParts(event: ExecutionEvent, { outputs, inputs, variables }: Parts): ExecutionEvent {
  const given = outputs === undefined ? {} : { outputs };
  switch (event.kind) {
    case "task-finished": {
      const { updates } = event.answer;
      const changed = variables === undefined ? {} : { updates: { ...updates, variables } };
      return { ...event, answer: { ...event.answer, ...given, ...changed } };
    }
    case "task-expanded": {
      const { expansion } = event;
      const started =
        expansion.kind === "subflow" && inputs !== undefined ? { expansion: { ...expansion, inputs } } : {};
      return { ...event, ...given, ...started };
    }
    case "subflow-finished":
    case "outputs-rendered":
    case "place-closed":
    case "loop-evaluated":
      return { ...event, ...given };
    default:
      return event;
  }
}

/** What is shown in lists and charts, and is no value of an expression. */
function shownOf(event: ExecutionEvent): unknown {
  if (event.kind === "task-finished") return [event.answer.metrics, event.answer.updates?.labels, event.answer.error];
  if (event.kind !== "task-expanded") return undefined;
  const { expansion } = event;
  return expansion.kind === "subflow" ? expansion.labels : expansion.kind === "nothing" ? expansion.message : undefined;
}

function withMasked(masker: Masker, event: ExecutionEvent): ExecutionEvent {
  const masked = <T>(value: T): T => mapTexts(value, (text) => masker.mask(text));
  if (event.kind === "task-finished") {
    const { metrics, updates, error } = event.answer;
    const shown = { ...(metrics && { metrics: masked(metrics) }), ...(error && { error: masked(error) }) };
    const answer = { ...event.answer, ...shown };
    if (updates?.labels === undefined) return { ...event, answer };
    return { ...event, answer: { ...answer, updates: { ...updates, labels: masked(updates.labels) } } };
  }
  if (event.kind !== "task-expanded") return event;
  const { expansion } = event;
  if (expansion.kind === "subflow") return { ...event, expansion: { ...expansion, labels: masked(expansion.labels) } };
  return expansion.kind === "nothing" ? { ...event, expansion: masked(expansion) } : event;
}
