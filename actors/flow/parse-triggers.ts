import { isJsonObject, type PropertyPath, unknownProperty, withTexts } from "#schema/conform.ts";
import type { Trigger } from "#schema/flow.ts";
import { TriggerCommon } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { nearestType } from "#schema/nearest.ts";
import { objectShapeOf } from "#schema/shape.ts";
import { State } from "#schema/state.ts";
import type { Registry, TriggerDefinition } from "#tasks/define.ts";
import { checkLabels, toLabels } from "./labels.ts";
import { parseGuard } from "./parse-conditions.ts";
import { type Parsing, reportAlias, unknownType, warnOfKnown } from "./parse-tasks.ts";

/** Common properties with a field of their own in Trigger; the others stay among the properties. */
const FIELDS = new Set(["id", "type", "description", "disabled", "labels", "stopAfter"]);

/** The triggers in the list `value` at `path`; those of unknown type are reported and left out. */
export function parseTriggers(value: Json | undefined, path: PropertyPath, parsing: Parsing): Trigger[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    parsing.reporter.error("INVALID_VALUE", path, "`triggers` must be a list");
    return [];
  }
  return value.flatMap((item, index) => parseTrigger(item, [...path, index], parsing) ?? []);
}

function parseTrigger(item: Json, path: PropertyPath, parsing: Parsing): Trigger | undefined {
  const { reporter } = parsing;
  if (!isJsonObject(item)) {
    reporter.error("INVALID_VALUE", path, "A trigger must be a map with `id` and `type`");
    return undefined;
  }
  const definition = findTrigger(item.type, [...path, "type"], parsing);
  parsing.triggerIds.push({ id: String(item.id ?? ""), path });
  const { common, own } = split(item, definition, path, parsing);
  reporter.conform(TriggerCommon, common, path);
  const guard = guardOf(item, path, parsing);
  const type = typeOf(item.type, definition, parsing);
  if (type === undefined) return undefined;
  if (definition !== undefined) reporter.conform(definition.input, own, path);
  warnOfSeconds(own, path, parsing);
  const labels = toLabels(item.labels ?? undefined, (inner) => reporter.textAt([...path, "labels", ...inner]));
  checkLabels(labels, [...path, "labels"], [], reporter);
  const texts = definition === undefined ? own : withTexts(objectShapeOf(definition.input), own, reporter.textAt, path);
  const kept = Object.entries(common).filter(([name]) => !FIELDS.has(name));
  const stopAfter = State.array().safeParse(item.stopAfter).data;
  return {
    id: String(item.id ?? ""),
    type,
    ...(typeof item.description === "string" && { description: item.description }),
    ...((item.disabled === true || item.disabled === "true") && { disabled: true }),
    ...(labels.length > 0 && { labels }),
    ...(stopAfter !== undefined && { stopAfter }),
    ...(guard !== undefined && { guard }),
    properties: { ...Object.fromEntries(kept), ...(isJsonObject(texts) ? texts : own) },
  };
}

function split(
  item: JsonObject,
  definition: TriggerDefinition | undefined,
  path: PropertyPath,
  { reporter }: Parsing,
): { common: JsonObject; own: JsonObject } {
  const commonFields = objectShapeOf(TriggerCommon).fields;
  const ownFields = definition === undefined ? undefined : objectShapeOf(definition.input).fields;
  const common: [string, Json][] = [];
  const own: [string, Json][] = [];
  for (const [key, value] of Object.entries(item)) {
    if (ownFields?.has(key)) own.push([key, value]);
    else if (commonFields.has(key)) common.push([key, value]);
    else if (ownFields === undefined) own.push([key, value]);
    else {
      reporter.add(unknownProperty(key, [...ownFields.keys(), ...commonFields.keys()], [...path, key]));
    }
  }
  return { common: Object.fromEntries(common), own: Object.fromEntries(own) };
}

function findTrigger(type: Json | undefined, path: PropertyPath, parsing: Parsing): TriggerDefinition | undefined {
  const { registry, reporter } = parsing;
  if (type === undefined || type === null) return undefined; // reported as missing
  const name = String(type);
  const definition = registry.trigger(name);
  if (definition !== undefined) {
    if (definition.type !== name) reportAlias(name, definition.type, path, reporter);
    return definition;
  }
  if (registry.task(name) !== undefined) {
    reporter.error("UNKNOWN_TYPE", path, `\`${name}\` is a task type: put it under \`tasks\``);
    return undefined;
  }
  const known = registry.known(name);
  if (known?.kind === "task") {
    reporter.error("UNKNOWN_TYPE", path, `\`${name}\` is a task type: put it under \`tasks\``);
  } else if (known !== undefined) {
    warnOfKnown(known, "the flow is accepted, and the trigger does not fire", path, reporter);
  } else {
    reporter.error("UNKNOWN_TYPE", path, unknownType("trigger", name, nearestTrigger(name, registry)));
  }
  return undefined;
}

/** Of two names that are as near, the one that fires. */
function nearestTrigger(name: string, registry: Registry): string | undefined {
  const firing = registry.triggers.flatMap((trigger) => [trigger.type, ...trigger.aliases]);
  const known = registry.knownTypes.filter(({ kind }) => kind === "trigger").map(({ type }) => type);
  const near = nearestType(name, [...firing, ...known]);
  return near === undefined ? undefined : (registry.trigger(near)?.type ?? registry.known(near)?.real ?? near);
}

/** The real type of a trigger that is defined, or known and does not fire. */
function typeOf(written: Json | undefined, definition: TriggerDefinition | undefined, { registry }: Parsing) {
  if (definition !== undefined) return definition.type;
  const known = registry.known(String(written ?? ""));
  return known?.kind === "trigger" ? (known.real ?? known.type) : undefined;
}

/** Six fields without `withSeconds` may have been meant otherwise. */
function warnOfSeconds({ cron, withSeconds }: JsonObject, path: PropertyPath, { reporter }: Parsing): void {
  if (typeof cron !== "string" || withSeconds === true || withSeconds === "true") return;
  if (cron.trim().split(/\s+/).length !== 6) return;
  const message =
    "The first of six fields is seconds: set `withSeconds: true`, or write five fields to count in minutes";
  reporter.warning("INVALID_VALUE", [...path, "cron"], message);
}

/** Its conditions as one guard, with a warning: nothing evaluates it yet, so the trigger does not fire. */
function guardOf(item: JsonObject, path: PropertyPath, parsing: Parsing): string | undefined {
  const guard = parseGuard(item, ["conditions", "scheduleConditions"], path, parsing);
  if (guard === undefined) return undefined;
  const message = "Conditions of triggers are not evaluated yet: the trigger does not fire until they are";
  const name = Array.isArray(item.conditions) ? "conditions" : "scheduleConditions";
  parsing.reporter.add({ code: "TYPE_NOT_RUN", path: [...path, name], message, on: "key", severity: "warning" });
  return guard;
}
