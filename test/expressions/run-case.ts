import {
  type EvalContext,
  type Lookup,
  lookupKey,
  type Outcome,
  objectScope,
  render,
  renderTyped,
} from "#expr/index.ts";
import type { Json, JsonObject } from "#schema/json.ts";

// The cases of this folder: their form (README.md) and how one is run. Pure, so that it runs in every runtime.

export type CaseFile = {
  about: string;
  /** Variables of every case. */
  context: JsonObject;
  budget?: EvalContext["budget"];
  cases: readonly Case[];
};

export type Case = {
  name: string;
  template: Json;
  /** More variables, for this case alone. */
  with?: JsonObject;
  /** Rendered with its type kept. */
  typed?: boolean;
  answers?: readonly (Lookup & ({ value: Json } | { message: string }))[];
  /** Exactly one of these four. */
  text?: string;
  value?: Json;
  needs?: readonly Lookup[];
  error?: { code: string; message: string; at?: readonly [line: number, column: number] };
  /** What an older version of Kestra answers, and why we answer otherwise. */
  older?: { text?: string; value?: Json; error?: string; why: string };
};

const NOW = Date.UTC(2024, 0, 2, 3, 4, 5, 678);

export function runCase({ context, budget }: CaseFile, given: Case): Outcome<Json> {
  const vars = expanded({ ...context, ...given.with }) as JsonObject;
  const ctx: EvalContext = {
    scope: objectScope(vars),
    lookups: new Map((given.answers ?? []).map((answer) => [lookupKey(answer), answerOf(answer)])),
    now: NOW,
    random: () => 0.5,
    timeZone: "UTC",
    ...(budget === undefined ? {} : { budget }),
  };
  const template = templateText(given);
  return given.typed ? renderTyped(template, ctx) : render(template, ctx);
}

export function templateText({ template }: Case): string {
  return expanded(template) as string;
}

function answerOf(answer: { value: Json } | { message: string }) {
  return "value" in answer
    ? { ok: true as const, value: answer.value }
    : { ok: false as const, message: answer.message };
}

/**
 * Long texts and lists are written short: `{"repeat": "x", "times": 3}` is `"xxx"`, of anything but a text a list of so many, and
 * `{"join": […]}` is its pieces in one text.
 */
function expanded(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(expanded);
  if (Array.isArray(value.join)) return value.join.map(expanded).join("");
  if (typeof value.times === "number" && value.repeat !== undefined) {
    const { repeat, times } = value;
    return typeof repeat === "string" ? repeat.repeat(times) : Array.from({ length: times }, () => expanded(repeat));
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expanded(item)]));
}
