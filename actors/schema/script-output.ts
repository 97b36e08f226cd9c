// What a script tells its task by printing: lines of the form `::{"outputs": {…}, "metrics": […], "logs": […]}::`.
import * as z from "zod";
import type { JsonObject } from "./json.ts";

/** Objects and lists within each other that a marker line may have. */
export const MAX_MARKER_DEPTH = 64;

const DURATION = /^P(?=.)(?:([\d.]+)D)?(?:T(?=.)(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/;

/** Seconds of an ISO duration such as `PT1M2.5S`; `undefined` for any other text. */
function durationSeconds(text: string): number | undefined {
  const parts = DURATION.exec(text);
  if (!parts) return undefined;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  const total = (days ?? 0) * 86_400 + (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (seconds ?? 0);
  return Number.isFinite(total) ? total : undefined;
}

const Tags = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

const TimerValue = z.union([
  z.number(),
  z.string().transform((text, context) => {
    const seconds = durationSeconds(text);
    if (seconds !== undefined) return seconds;
    context.addIssue({ code: "custom", message: "a timer is a number of seconds or a duration such as PT1.5S" });
    return z.NEVER;
  }),
]);

/** A number that a task reports. A counter adds up; a timer is a duration in seconds. */
export const Metric = z.discriminatedUnion("type", [
  z.object({ name: z.string().min(1), type: z.literal("counter"), value: z.number(), tags: Tags.nullish() }),
  z.object({ name: z.string().min(1), type: z.literal("timer"), value: TimerValue, tags: Tags.nullish() }),
]);
export type Metric = z.output<typeof Metric>;

export const ScriptLog = z.object({
  level: z.enum(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]).default("INFO"),
  message: z.string(),
});
export type ScriptLog = z.output<typeof ScriptLog>;

const Outputs = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "outputs must be an object",
);

const Marker = z.object({
  outputs: Outputs.nullish(),
  metrics: z.array(Metric).nullish(),
  logs: z.array(ScriptLog).nullish(),
});

export interface ScriptMarker {
  outputs?: JsonObject;
  metrics?: Metric[];
  logs?: ScriptLog[];
}

const MARKER_LINE = /^::(\{.*\})::$/;

/**
 * What one printed line (without its line end) says. `not-a-marker`: it is a log line. `invalid`: it looks like a marker but is
 * none; the message is for the task's log.
 */
export function parseScriptLine(line: string): ScriptMarker | "not-a-marker" | { invalid: string } {
  const text = MARKER_LINE.exec(line)?.[1];
  if (text === undefined) return "not-a-marker";
  if (isDeeperThan(text, MAX_MARKER_DEPTH)) return invalid(text, `it is nested more than ${MAX_MARKER_DEPTH} deep`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return invalid(text, "it is not JSON");
  }
  const marker = Marker.safeParse(json);
  if (!marker.success) {
    const issue = marker.error.issues[0];
    return invalid(text, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it has the wrong form"}`);
  }
  const { outputs, metrics, logs } = marker.data;
  return { ...(outputs && { outputs }), ...(metrics && { metrics }), ...(logs && { logs }) };
}

function invalid(text: string, reason: string): { invalid: string } {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return { invalid: `Invalid outputs '${shown}': ${reason}` };
}

/** Does JSON `text` nest objects and lists more than `limit` deep? Needs no stack; any other text gets some answer. */
export function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInText) {
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) isInText = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth++;
      if (depth > limit) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
