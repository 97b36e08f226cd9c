import type { Flow } from "#schema/flow.ts";
import { COMMON_DOCS, type PropertyDoc, type TypeDoc } from "./catalogue.ts";
import { completeExpression, isInExpression } from "./expression-completion.ts";
import { type YamlPlace, yamlPlaceAt } from "./yaml-place.ts";

// What may be written at a place of a flow's source, and what stands there means.

export type Completion = {
  label: string;
  kind: "property" | "type" | "value" | "name" | "call";
  detail: string;
  info: string;
  /** What is inserted; the label when left out. */
  insert?: string;
  /** How many characters before `from` go too. */
  eatsBefore?: number;
  /** A pair of brackets follows, with the cursor in it. */
  opensBracket?: true;
  /** Higher comes first. */
  boost?: number;
};
/** `isQuiet`: offered once a letter is typed or it is asked for, not before. */
export type Completions = {
  from: number;
  options: readonly Completion[];
  /** While what is typed matches, the options are the same. */
  within: RegExp;
  isQuiet?: true;
};

/** Types are written with dots. */
const WITHIN_VALUE = /^[\w.$-]*$/;

const TASK_LISTS = new Set(["tasks", "then", "else", "errors", "finally", "afterExecution", "defaults"]);

/** What kind of map the cursor is in, and what it may hold. */
type Surroundings = {
  kind: "flow" | "task" | "trigger" | "input" | "output" | "other";
  properties: readonly PropertyDoc[];
};

export function completeFlow(
  text: string,
  offset: number,
  { types, draft }: { types: readonly TypeDoc[]; draft: Flow | undefined },
): Completions | undefined {
  if (isInExpression(text, offset)) return completeExpression(text, offset, { flow: draft, types });
  const place = yamlPlaceAt(text, offset);
  if (!place) return undefined;
  const surroundings = surroundingsOf(place, types);
  const options = place.at === "key" ? keyOptions(place, surroundings) : valueOptions(place, surroundings, types);
  return options.length === 0 ? undefined : { from: place.from, options, within: WITHIN_VALUE };
}

/** The property or the type under the cursor. */
export function explainFlow(
  text: string,
  offset: number,
  types: readonly TypeDoc[],
): { property: PropertyDoc } | { type: TypeDoc } | undefined {
  const lineEnd = text.indexOf("\n", offset);
  const end = lineEnd < 0 ? text.length : lineEnd;
  const place = yamlPlaceAt(text, end);
  if (place?.at !== "value") {
    // `tasks:` with nothing behind it reads as a key that is still being written.
    const open = /^\s*(?:- +)*([A-Za-z0-9_$.-]+):\s*$/.exec(text.slice(text.lastIndexOf("\n", end - 1) + 1, end));
    const at = open && yamlPlaceAt(text, end - (open[0].length - open[0].indexOf(":")));
    const property = at && surroundingsOf(at, types).properties.find(({ name }) => name === open[1]);
    return property ? { property } : undefined;
  }
  const surroundings = surroundingsOf(place, types);
  const isOnValue = offset >= place.from;
  if (place.key === "type" && isOnValue) {
    const type = typeOf(place.typed.trim(), types);
    if (type) return { type };
  }
  const property = surroundings.properties.find(({ name }) => name === place.key);
  return property ? { property } : undefined;
}

/** The type of the task or trigger that the cursor stands in, the innermost one. */
export function typeAt(text: string, offset: number, types: readonly TypeDoc[]): TypeDoc | undefined {
  const lineEnd = text.indexOf("\n", offset);
  const lineFrom = text.lastIndexOf("\n", offset - 1) + 1;
  const line = text.slice(lineFrom, lineEnd < 0 ? text.length : lineEnd);
  const indent = /^\s*(?:- +)*/.exec(line)?.[0].length ?? 0;
  // At the beginning of a key the place is always readable, whatever stands behind it.
  let place = yamlPlaceAt(text, lineFrom + indent);
  for (let from = lineFrom; !place && from > 0; ) {
    from = text.lastIndexOf("\n", from - 2) + 1;
    const lead = /^\s*(?:- +)*/.exec(text.slice(from))?.[0].length ?? 0;
    place = yamlPlaceAt(text, from + lead);
  }
  return place?.types.toReversed().flatMap((type) => typeOf(type, types) ?? [])[0];
}

function typeOf(name: string, types: readonly TypeDoc[]): TypeDoc | undefined {
  return name === "" ? undefined : types.find(({ type, aliases }) => type === name || aliases.includes(name));
}

function surroundingsOf(place: YamlPlace, types: readonly TypeDoc[]): Surroundings {
  const { path } = place;
  if (path.length === 0) return { kind: "flow", properties: COMMON_DOCS.flow() };
  const last = path.at(-1) ?? "";
  const own = typeOf(place.types.at(-1) ?? "", types);
  if (last === "inputs" && path.length === 1)
    return { kind: "input", properties: COMMON_DOCS.input(place.siblings.type) };
  if (last === "onResume") return { kind: "input", properties: COMMON_DOCS.input(place.siblings.type) };
  if (last === "outputs" && path.length === 1) return { kind: "output", properties: COMMON_DOCS.output() };
  if (last === "triggers" && path.length === 1) {
    return { kind: "trigger", properties: [...(own?.properties ?? []), ...COMMON_DOCS.trigger()] };
  }
  const isOneTask = last === "onPause" || (last === "task" && path.at(-2) === "tasks");
  if (TASK_LISTS.has(last) || isOneTask || path.at(-2) === "cases") {
    return { kind: "task", properties: [...(own?.properties ?? []), ...COMMON_DOCS.task()] };
  }
  return { kind: "other", properties: fieldsAlong(place, types) };
}

/** The fields of a map inside a property: from the nearest map that has a known type, or from the flow. */
function fieldsAlong({ path, types: above }: YamlPlace, types: readonly TypeDoc[]): readonly PropertyDoc[] {
  for (let depth = path.length; depth >= 0; depth--) {
    const owner = typeOf(above[depth] ?? "", types);
    if (!owner && depth > 0) continue;
    let fields = owner
      ? [...owner.properties, ...(owner.kind === "task" ? COMMON_DOCS.task() : COMMON_DOCS.trigger())]
      : COMMON_DOCS.flow();
    for (const key of path.slice(depth)) fields = fields.find(({ name }) => name === key)?.fields.slice() ?? [];
    return fields;
  }
  return [];
}

function keyOptions({ siblings, key }: YamlPlace, { properties, kind }: Surroundings): Completion[] {
  return properties
    .filter(({ name }) => name === key || !Object.hasOwn(siblings, name))
    .filter((property, index, all) => all.findIndex(({ name }) => name === property.name) === index)
    .map((property) => ({
      label: property.name,
      kind: "property" as const,
      detail: property.type,
      info: property.deprecated === undefined ? property.description : `Deprecated. ${property.description}`,
      insert: `${property.name}: `,
      boost:
        property.deprecated !== undefined
          ? -50
          : property.required
            ? 20
            : kind !== "flow" && property.name === "type"
              ? 30
              : 0,
    }));
}

function valueOptions({ key }: YamlPlace, { properties, kind }: Surroundings, types: readonly TypeDoc[]): Completion[] {
  if (key === "type" && (kind === "task" || kind === "trigger")) {
    return types
      .filter((type) => type.kind === kind)
      .map((type) => ({ label: type.type, kind: "type" as const, detail: type.title, info: type.description }));
  }
  const property = properties.find(({ name }) => name === key);
  return (property?.choices ?? []).map((choice) => ({
    label: choice,
    kind: "value" as const,
    detail: "",
    info: property?.description ?? "",
  }));
}
