import { isJsonObject, type PropertyPath, unknownProperty, withTexts } from "#schema/conform.ts";
import type { Trigger } from "#schema/flow.ts";
import { TriggerCommon } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { nearestType } from "#schema/nearest.ts";
import { objectShapeOf } from "#schema/shape.ts";
import { State } from "#schema/state.ts";
import type { TriggerDefinition } from "#tasks/define.ts";
import { checkLabels, toLabels } from "./labels.ts";
import { type Parsing, reportAlias, unknownType } from "./parse-tasks.ts";

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
  refuseConditions(item, path, parsing);
  if (definition === undefined) return undefined;
  reporter.conform(definition.input, own, path);
  const labels = toLabels(item.labels ?? undefined, (inner) => reporter.textAt([...path, "labels", ...inner]));
  checkLabels(labels, [...path, "labels"], [], reporter);
  const texts = withTexts(objectShapeOf(definition.input), own, reporter.textAt, path);
  const kept = Object.entries(common).filter(([name]) => !FIELDS.has(name));
  const stopAfter = State.array().safeParse(item.stopAfter).data;
  return {
    id: String(item.id ?? ""),
    type: definition.type,
    ...(typeof item.description === "string" && { description: item.description }),
    ...((item.disabled === true || item.disabled === "true") && { disabled: true }),
    ...(labels.length > 0 && { labels }),
    ...(stopAfter !== undefined && { stopAfter }),
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
    else if (ownFields !== undefined) {
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
  const near = nearestType(
    name,
    registry.triggers.flatMap((trigger) => [trigger.type, ...trigger.aliases]),
  );
  const real = near === undefined ? undefined : registry.trigger(near)?.type;
  reporter.error("UNKNOWN_TYPE", path, unknownType("trigger", name, real));
  return undefined;
}

/** No condition type exists yet; to ignore one would start executions that should not be. */
function refuseConditions(item: JsonObject, path: PropertyPath, { reporter }: Parsing): void {
  for (const name of ["conditions", "scheduleConditions"]) {
    const list = item[name];
    if (!Array.isArray(list)) continue;
    for (const [index, condition] of list.entries()) {
      const type = isJsonObject(condition) ? String(condition.type ?? "") : "";
      reporter.error("UNKNOWN_TYPE", [...path, name, index, "type"], unknownType("condition", type, undefined));
    }
  }
}
