import * as z from "zod";
import { isJsonObject, type PropertyPath } from "#schema/conform.ts";
import type { Sla } from "#schema/flow.ts";
import { SlaSource } from "#schema/flow-source.ts";
import type { Json } from "#schema/json.ts";
import { toLabels } from "./labels.ts";
import type { Reporter } from "./reporter.ts";

const common = { id: z.string(), behavior: z.enum(["FAIL", "CANCEL", "NONE"]) };

/** What is left of an agreement once it is typed. */
const Typed = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal("MAX_DURATION"), duration: z.number() }),
  z.object({ ...common, type: z.literal("EXECUTION_ASSERTION"), assert: z.string() }),
]);

/** The agreements in the list `value` at `path`; those that are wrong are reported and left out. */
export function parseSlas(value: Json | undefined, path: PropertyPath, reporter: Reporter): Sla[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, "`sla` must be a list");
    return [];
  }
  const ids = new Set<string>();
  return value.flatMap((item, index) => {
    const sla = parseSla(item, [...path, index], reporter);
    if (sla === undefined) return [];
    if (ids.has(sla.id))
      reporter.error("DUPLICATE_ID", [...path, index, "id"], `Duplicate sla id with name [${sla.id}]`);
    ids.add(sla.id);
    return [sla];
  });
}

function parseSla(item: Json, path: PropertyPath, reporter: Reporter): Sla | undefined {
  const parsed = Typed.safeParse(reporter.conform(SlaSource, item, path));
  if (!parsed.success) return undefined;
  const written = isJsonObject(item) ? item.labels : undefined;
  const labels = toLabels(written ?? undefined, (inner) => reporter.textAt([...path, "labels", ...inner]));
  const { id, behavior } = parsed.data;
  if (parsed.data.type === "EXECUTION_ASSERTION")
    return { id, behavior, labels, type: "EXECUTION_ASSERTION", assert: parsed.data.assert };
  if (parsed.data.duration > 0) return { id, behavior, labels, type: "MAX_DURATION", durationMs: parsed.data.duration };
  reporter.error("INVALID_VALUE", [...path, "duration"], "`duration` must be longer than nothing, such as PT1H");
  return undefined;
}
