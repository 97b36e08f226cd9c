import { type Lookup, type LookupAnswer, lookupKey, sealLookup, unsealLookup } from "#expr/index.ts";
import type { ExecutionEvent, TaskAnswer } from "#schema/event.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { ciphersIn } from "#schema/sealed.ts";
import type { Live } from "./live.ts";
import type { Masker } from "./mask.ts";

// Secrets in what tasks give: a text that holds one is sealed before it is stored. Expressions still read it, nobody else does.
// What is only shown (labels, tags of metrics) is masked. Where the server has no key, it is stored as it is: then there are no SECRET inputs, only what `secret()` has given.

/** The parts of an event that expressions read, by where they stand. */
type Parts = { outputs?: JsonObject | undefined; inputs?: JsonObject | undefined; variables?: JsonObject | undefined };

function partsOf(event: ExecutionEvent): Parts {
  switch (event.kind) {
    case "task-finished":
      return { outputs: event.answer.outputs, variables: event.answer.updates?.variables };
    case "task-expanded":
      return {
        outputs: event.outputs,
        inputs: event.expansion.kind === "subflow" ? event.expansion.inputs : undefined,
      };
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
    case "outputs-rendered":
    case "place-closed":
    case "loop-evaluated":
      return { ...event, ...given };
    default:
      return event;
  }
}

function collect(masker: Masker, value: unknown, into: Set<string>): void {
  if (typeof value === "string") {
    if (masker.mask(value) !== value) into.add(value);
  } else if (typeof value === "object" && value !== null)
    for (const item of Object.values(value)) collect(masker, item, into);
}

function secretTexts(masker: Masker, value: unknown): Set<string> {
  const texts = new Set<string>();
  if (!masker.isEmpty) collect(masker, value, texts);
  return texts;
}

/** True when the event has a text that is not to be stored as it is. */
export function tellsSecret(masker: Masker, event: ExecutionEvent): boolean {
  return secretTexts(masker, [partsOf(event), shownOf(event)]).size > 0;
}

/** What is shown in lists and charts, and is no value of an expression: it is masked, not sealed. */
function shownOf(event: ExecutionEvent): unknown {
  if (event.kind === "task-finished") return [event.answer.metrics, event.answer.updates?.labels];
  if (event.kind !== "task-expanded") return undefined;
  const { expansion } = event;
  return expansion.kind === "subflow" ? expansion.labels : expansion.kind === "nothing" ? expansion.message : undefined;
}

function withMasked(masker: Masker, event: ExecutionEvent): ExecutionEvent {
  const masked = <T>(value: T): T => mapTexts(value, (text) => masker.mask(text));
  if (event.kind === "task-finished") {
    const { metrics, updates } = event.answer;
    const answer = { ...event.answer, ...(metrics && { metrics: masked(metrics) }) };
    if (updates?.labels === undefined) return { ...event, answer };
    return { ...event, answer: { ...answer, updates: { ...updates, labels: masked(updates.labels) } } };
  }
  if (event.kind !== "task-expanded") return event;
  const { expansion } = event;
  if (expansion.kind === "subflow") return { ...event, expansion: { ...expansion, labels: masked(expansion.labels) } };
  return expansion.kind === "nothing" ? { ...event, expansion: masked(expansion) } : event;
}

/** `value` with `of` of every text in it, names left out. */
function mapTexts<T>(value: T, of: (text: string) => unknown): T {
  const map = (inner: unknown): unknown => {
    if (typeof inner === "string") return of(inner);
    if (Array.isArray(inner)) return inner.map(map);
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, item]) => [key, map(item)]));
  };
  return map(value) as T;
}

/** Answers of the world, asked for all at once. */
export type Ask = (lookups: readonly Lookup[]) => Promise<ReadonlyMap<string, LookupAnswer>>;

/** The event with the texts sealed that hold secrets. */
export async function sealedEvent(masker: Masker, event: ExecutionEvent, ask: Ask): Promise<ExecutionEvent> {
  const parts = partsOf(event);
  const sealed = await sealedTexts(masker, parts, ask);
  return withMasked(masker, sealed === parts ? event : withParts(event, sealed));
}

/** An answer from elsewhere with such texts sealed; the answer itself where it has none. */
export function sealedAnswer(masker: Masker, answer: TaskAnswer, ask: Ask): TaskAnswer | Promise<TaskAnswer> {
  const event: ExecutionEvent = { kind: "task-finished", at: 0, effect: "", answer };
  if (!tellsSecret(masker, event)) return answer;
  return sealedEvent(masker, event, ask).then((sealed) => (sealed.kind === "task-finished" ? sealed.answer : answer));
}

async function sealedTexts<T extends object>(masker: Masker, value: T, ask: Ask): Promise<T> {
  const texts = [...secretTexts(masker, value)];
  if (texts.length === 0) return value;
  const answers = await ask(texts.map(sealLookup));
  return mapTexts(value, (text) => {
    const answer = answers.get(lookupKey(sealLookup(text)));
    return answer?.ok ? answer.value : text;
  });
}

/** What asks for the secrets that the execution was given, at its start and at the ends of pauses. */
export function secretsGiven({ state, program }: Live): Lookup[] {
  const given: (Json | undefined)[] = [state.facts?.inputs];
  const asking = program.plan.tasks.map(({ task }) =>
    task.asks?.some(({ type, itemType }) => type === "SECRET" || itemType === "SECRET"),
  );
  if (asking.includes(true))
    for (const run of state.runs) if (asking[run.task] === true && !run.dropped) given.push(run.outputs);
  return [...new Set(given.flatMap(ciphersIn))].map(unsealLookup);
}
