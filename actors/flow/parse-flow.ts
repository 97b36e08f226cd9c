import { isJsonObject } from "#schema/conform.ts";
import { FLOW_ID, type Flow, NAMESPACE_ID } from "#schema/flow.ts";
import { FlowSource } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { Registry } from "#tasks/define.ts";
import { checkDuplicates, warnOfIgnored, warnOfReservedId } from "./checks.ts";
import { checkLabels, toLabels } from "./labels.ts";
import { parseChecks } from "./parse-checks.ts";
import { parseInputs, parseOutputs } from "./parse-inputs.ts";
import { nameListeners, parseListeners } from "./parse-listeners.ts";
import { parseRetry } from "./parse-retry.ts";
import { parseSlas } from "./parse-sla.ts";
import { type Parsing, parseTasks } from "./parse-tasks.ts";
import { parseTriggers } from "./parse-triggers.ts";
import { type NamespaceContext, NO_NAMESPACE, namespaceIn } from "./pinned-namespace.ts";
import { applyPluginDefaults, parsePluginDefaults } from "./plugin-defaults.ts";
import { readYaml, type YamlDocument } from "./read-yaml.ts";
import { Reporter } from "./reporter.ts";
import { pinnedIn, type Templates } from "./templates.ts";

// YAML text to a flow that can run, and everything that is wrong with it. The same function serves API, actors and editor.
//
// L1. Never throws, whatever the text.
// L2. Each problem has a code, the path of the property and, when the text has one, its line and column.
// L3. `flow` is there exactly when no problem is an error. Warnings and infos never refuse a flow.
// L4. All problems are reported at once, not the first alone.
// L5. Own properties of a task stay as written, unrendered; types are real names, never aliases.

export type ParsedFlow = {
  flow: Flow | undefined;
  problems: Problem[];
  /** The flow as far as it could be read, for showing while it is being written. Never run it. */
  draft: Flow | undefined;
};

/** What stands behind the source of an execution: its templates, and what its namespace gives it. */
type Pinned = { templates?: Templates | undefined; namespace?: NamespaceContext | undefined };

/** The flow in `source`. */
export function parseFlow(source: string, registry: Registry): ParsedFlow {
  const documents = readYaml(source).filter((document, index) => index === 0 || !isEmpty(document));
  const pinned: Pinned = {};
  while (documents.length > 1) {
    const last = documents.at(-1);
    const templates = last && pinnedIn(last);
    const namespace = last && namespaceIn(last);
    if (templates === undefined && namespace === undefined) break;
    pinned.templates ??= templates;
    pinned.namespace ??= namespace;
    documents.pop();
  }
  const [first, second] = documents.length > 1 ? documents.filter((document) => !isEmpty(document)) : documents;
  if (first === undefined) return { flow: undefined, draft: undefined, problems: [] };
  const parsed = parseDocument(first, registry, pinned);
  if (second === undefined) return parsed;
  const at = second.place([], "value");
  const message = "A second flow begins here: send several flows to the bulk import, or remove it";
  return { ...parsed, flow: undefined, problems: [...parsed.problems, { code: "YAML_SYNTAX", message, path: "", at }] };
}

export type ValidatedDocument = ParsedFlow & { source: string };

/** Each flow of a text in which several are separated by `---`. `around`: what the namespace of one gives it. */
export function validateSource(
  source: string,
  registry: Registry,
  around: (namespace: string) => NamespaceContext = () => NO_NAMESPACE,
): ValidatedDocument[] {
  const documents = readYaml(source);
  const filled = documents.filter((document) => !isEmpty(document));
  return (filled.length > 0 ? filled : documents.slice(0, 1)).map((document) => ({
    ...parseDocument(document, registry, { namespace: around(namespaceOf(document)) }),
    source: documents.length === 1 ? source : source.slice(document.from, document.to),
  }));
}

function isEmpty(document: YamlDocument): boolean {
  return document.value === null && document.problems.length === 0;
}

/** The namespaces that the flows of a text say they are in. */
export function namespacesOf(source: string): string[] {
  return [...new Set(readYaml(source).map(namespaceOf))].filter((namespace) => NAMESPACE_ID.test(namespace));
}

function namespaceOf({ value }: YamlDocument): string {
  return isJsonObject(value) && typeof value.namespace === "string" ? value.namespace : "";
}

function parseDocument(document: YamlDocument, registry: Registry, { templates, namespace }: Pinned = {}): ParsedFlow {
  const reporter = new Reporter(document);
  const draft = buildFlow(document.value, { registry, reporter, templates, namespace });
  return { flow: reporter.hasErrors ? undefined : draft, draft, problems: reporter.problems };
}

function buildFlow(
  written: Json,
  { registry, reporter, templates, namespace = NO_NAMESPACE }: Pick<Parsing, "registry" | "reporter"> & Pinned,
): Flow | undefined {
  if (!isJsonObject(written)) {
    if (!reporter.hasErrors)
      reporter.error("INVALID_VALUE", [], "A flow must be a map with `id`, `namespace` and `tasks`");
    return undefined;
  }
  const pluginDefaults = [
    ...parsePluginDefaults(written.pluginDefaults, ["pluginDefaults"], registry, reporter),
    ...parsePluginDefaults(written.taskDefaults, ["taskDefaults"], registry, reporter),
  ];
  const root = applyPluginDefaults(written, pluginDefaults, registry, namespace.pluginDefaults);
  const { retry, checks, sla, ...rest } = root;
  reporter.conform(FlowSource, rest, []);
  checkNames(root, reporter);
  if (Array.isArray(root.tasks) && root.tasks.length === 0) {
    reporter.error("INVALID_VALUE", ["tasks"], "`tasks` must hold at least one task");
  }
  const names = { id: String(root.id ?? ""), namespace: String(root.namespace ?? "") };
  const parsing: Parsing = {
    registry,
    reporter,
    flow: names,
    taskIds: [],
    triggerIds: [],
    depth: 1,
    templates,
    defaults: { own: pluginDefaults, outer: namespace.pluginDefaults },
  };
  const flow = assemble(root, parsing, pluginDefaults);
  const typedRetry = parseRetry(retry, ["retry"], reporter);
  const typedChecks = parseChecks(checks, ["checks"], reporter);
  const slas = parseSlas(sla, ["sla"], reporter);
  checkDuplicates(parsing.taskIds, "task", reporter);
  checkDuplicates(parsing.triggerIds, "trigger", reporter);
  warnOfIgnored(root, reporter);
  return {
    ...flow,
    ...(Object.keys(namespace.variables).length > 0 && { namespaceVariables: namespace.variables }),
    ...(typedRetry && { retry: typedRetry }),
    ...(typedChecks.length > 0 && { checks: typedChecks }),
    ...(slas.length > 0 && { sla: slas }),
  };
}

function assemble(root: JsonObject, parsing: Parsing, pluginDefaults: Flow["pluginDefaults"]): Flow {
  const { reporter } = parsing;
  const labels = toLabels(root.labels, (path) => reporter.textAt(["labels", ...path]));
  checkLabels(labels, ["labels"], ["system.readOnly"], reporter);
  const concurrency = FlowSource.shape.concurrency.safeParse(root.concurrency ?? undefined).data;
  const { workerGroup } = root;
  const list = (name: string) => parseTasks(root[name], [name], parsing);
  const lists = { tasks: list("tasks"), errors: list("errors"), finally: list("finally") };
  const afterExecution = list("afterExecution");
  const listeners = parseListeners(root.listeners, ["listeners"], parsing);
  const taskIds = parsing.taskIds.map(({ id }) => id);
  return {
    ...parsing.flow,
    ...(typeof root.description === "string" && { description: root.description }),
    labels,
    inputs: parseInputs(root.inputs, ["inputs"], reporter),
    variables: isJsonObject(root.variables) ? root.variables : {},
    ...lists,
    afterExecution: [...afterExecution, ...nameListeners(listeners, taskIds)],
    outputs: parseOutputs(root.outputs, ["outputs"], reporter),
    triggers: parseTriggers(root.triggers, ["triggers"], parsing),
    pluginDefaults,
    ...(concurrency && { concurrency: { limit: concurrency.limit, behavior: concurrency.behavior ?? "QUEUE" } }),
    disabled: root.disabled === true || root.disabled === "true",
    ...(isJsonObject(workerGroup) && {
      workerGroup: {
        ...(typeof workerGroup.key === "string" && { key: workerGroup.key }),
        ...(typeof workerGroup.fallback === "string" && { fallback: workerGroup.fallback }),
      },
    }),
  };
}

function checkNames(root: JsonObject, reporter: Reporter): void {
  const { id, namespace } = root;
  if (id !== undefined && id !== null && typeof id !== "object" && !FLOW_ID.test(String(id))) {
    const rule = "it starts with a letter or digit and holds at most 100 letters, digits, `.`, `_` and `-`";
    reporter.error("INVALID_VALUE", ["id"], `The flow id \`${String(id)}\` is not allowed: ${rule}`);
  }
  if (typeof id === "string") warnOfReservedId(id, reporter);
  if (namespace === undefined || namespace === null || typeof namespace === "object") return;
  if (!NAMESPACE_ID.test(String(namespace))) {
    const rule = "it starts with a small letter or digit and holds at most 150 small letters, digits, `.`, `_` and `-`";
    reporter.error("INVALID_VALUE", ["namespace"], `The namespace \`${String(namespace)}\` is not allowed: ${rule}`);
  }
}
