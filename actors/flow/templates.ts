import { encodeUtf8 } from "#schema/bytes.ts";
import { isJsonObject } from "#schema/conform.ts";
import { FLOW_ID, NAMESPACE_ID, type Task } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { MAX_SOURCE_BYTES, readYaml, type YamlDocument } from "./read-yaml.ts";

// Templates: lists of tasks with a name, in place of which a `Template` task stands. The source of an execution has those it needs
// pinned behind it as a document of its own, so that a later change of one changes nothing of what runs.
//
// W1. What is pinned is all there is: a template that is not is unknown to this execution.
// W2. Templates inside templates are at most MAX_TEMPLATE_DEPTH deep; one that comes to itself is refused by the names of the circle.
// W3. A template that cannot be read fails the task that stands for it, not the flow.

export const TEMPLATE_TYPE = "io.kestra.plugin.core.flow.Template";
const TYPES: ReadonlySet<Json | undefined> = new Set([TEMPLATE_TYPE, "io.kestra.core.tasks.flows.Template"]);
/** What the pinned document consists of. */
const PINNED = "pinnedTemplates";
export const MAX_TEMPLATE_DEPTH = 10;

export type TemplateKey = { namespace: string; id: string };
/** Templates by `namespace.id`. */
export type Templates = ReadonlyMap<string, JsonObject>;

export function templateName({ namespace, id }: TemplateKey): string {
  return `${namespace}.${id}`;
}

/** The templates that tasks anywhere in `written` stand for, each once. */
export function templateRefs(written: Json): TemplateKey[] {
  const found = new Map<string, TemplateKey>();
  const walk = (value: Json): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (!isJsonObject(value)) return;
    const key = refOf(value);
    if (key !== undefined) found.set(templateName(key), key);
    for (const item of Object.values(value)) walk(item);
  };
  walk(written);
  return [...found.values()];
}

function refOf({ type, namespace, templateId }: JsonObject): TemplateKey | undefined {
  if (!TYPES.has(type) || typeof namespace !== "string" || typeof templateId !== "string") return undefined;
  return NAMESPACE_ID.test(namespace) && FLOW_ID.test(templateId) ? { namespace, id: templateId } : undefined;
}

/** The templates that the first document of a flow's source stands for; a source that names none is not read. */
export function templateRefsOfSource(source: string): TemplateKey[] {
  if (!/\bflows?\.Template\b/.test(source)) return [];
  const first = readYaml(source).find(({ value }) => value !== null);
  return first === undefined ? [] : templateRefs(first.value);
}

/** The source with these templates behind it; `problem` in place of the tasks of one says why it cannot run. */
export function withPinned(source: string, templates: readonly JsonObject[]): string {
  // JSON is YAML.
  return `${source}${source.endsWith("\n") ? "" : "\n"}---\n${PINNED}: ${JSON.stringify(templates)}\n`;
}

/** As `withPinned`; when that is longer than a source may be, the tasks fail and say so. */
export function pinned(source: string, refs: readonly TemplateKey[], templates: readonly JsonObject[]): string {
  const whole = withPinned(source, templates);
  if (encodeUtf8(whole).length <= MAX_SOURCE_BYTES) return whole;
  const problem = `With its templates the flow is longer than ${MAX_SOURCE_BYTES} bytes: put tasks into flows of their own.`;
  const short = withPinned(
    source,
    refs.map(({ namespace, id }) => ({ namespace, id, problem })),
  );
  return encodeUtf8(short).length <= MAX_SOURCE_BYTES ? short : source;
}

/** What is pinned by this document; undefined when it is something else. */
export function pinnedIn({ value }: YamlDocument): Templates | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return undefined;
  const list = value[PINNED];
  if (!Array.isArray(list)) return undefined;
  const templates = new Map<string, JsonObject>();
  for (const template of list)
    if (isJsonObject(template))
      templates.set(templateName({ namespace: String(template.namespace), id: String(template.id) }), template);
  return templates;
}

/** Parses the lists of a template, met inside those of `within`; or why they cannot be read. */
export type ParseTemplate = (
  template: JsonObject,
  within: readonly string[],
) => { lists: Readonly<Record<string, readonly Task[]>> } | { problem: string };

/** The task with the tasks of the template it stands for; `within`: names of the templates round it, outermost first. */
export function withTemplate(
  task: Task,
  templates: Templates | undefined,
  within: readonly string[],
  parse: ParseTemplate,
): Task {
  if (task.type !== TEMPLATE_TYPE || templates === undefined) return task;
  const { namespace, templateId } = task.properties;
  const name = `${String(namespace)}.${String(templateId)}`;
  const path = [...within, name];
  if (within.includes(name)) return { ...task, problem: `The template comes to itself: ${path.join(" → ")}` };
  if (within.length >= MAX_TEMPLATE_DEPTH)
    return { ...task, problem: `Templates are nested deeper than ${MAX_TEMPLATE_DEPTH}: ${path.join(" → ")}` };
  const template = templates.get(name);
  if (template === undefined) return { ...task, problem: unknownTemplate(name) };
  if (typeof template.problem === "string") return { ...task, problem: template.problem };
  const parsed = parse(template, path);
  if ("problem" in parsed) return { ...task, problem: `The template ${name} is not valid: ${parsed.problem}` };
  return { ...task, lists: { ...parsed.lists, ...task.lists } };
}

export function unknownTemplate(name: string): string {
  return `Unable to find the template ${name}: create it, or write its tasks into the flow.`;
}

/** A document of values that stand in no text. */
export function documentOf(value: Json): YamlDocument {
  return {
    value,
    problems: [],
    from: 0,
    to: 0,
    place: () => undefined,
    placeInText: () => undefined,
    textAt: () => undefined,
  };
}
