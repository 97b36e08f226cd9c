import { isJsonObject } from "#schema/conform.ts";
import type { PluginDefault } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { readYaml, type YamlDocument } from "./read-yaml.ts";

// What a flow is given by its namespace, the parents of that, and the server: variables, and plugin defaults. As templates, it is pinned
// behind the source of an execution as a document of its own, so that a later change of it changes nothing of what runs.

const PINNED = "pinnedNamespace";

/** `forServer`: of all flows of the server. */
export type OuterDefault = PluginDefault & { forServer?: boolean };
/** `pluginDefaults`: of the namespace, its parents, the server; the nearest first. */
export type NamespaceContext = { variables: JsonObject; pluginDefaults: readonly OuterDefault[] };

export const NO_NAMESPACE: NamespaceContext = { variables: {}, pluginDefaults: [] };

/** What stands behind a source: nothing where a namespace gives nothing. */
export function pinnedText({ variables, pluginDefaults }: NamespaceContext): string {
  if (Object.keys(variables).length === 0 && pluginDefaults.length === 0) return "";
  // JSON is YAML.
  return `\n---\n${PINNED}: ${JSON.stringify({ variables, pluginDefaults })}\n`;
}

/** The source with this behind it; itself when something is pinned there already. */
export function withNamespace(source: string, text: string): string {
  return source.includes(`\n---\n${PINNED}: `) ? source : source + text;
}

/** True for a source that pins such a thing itself, which is not for it to do: what its namespace forces would mean nothing. */
export function pinsNamespace(source: string): boolean {
  return source.includes(PINNED) && readYaml(source).some((document) => namespaceIn(document) !== undefined);
}

/** What is pinned by this document; undefined when it is something else. */
export function namespaceIn({ value }: YamlDocument): NamespaceContext | undefined {
  if (!isJsonObject(value) || Object.keys(value).length !== 1) return undefined;
  const pinned = value[PINNED];
  if (!isJsonObject(pinned)) return undefined;
  const { variables, pluginDefaults } = pinned;
  const list = Array.isArray(pluginDefaults) ? pluginDefaults : [];
  return {
    variables: isJsonObject(variables) ? variables : {},
    pluginDefaults: list.flatMap((item) =>
      isJsonObject(item) && typeof item.type === "string" && isJsonObject(item.values)
        ? [
            {
              type: item.type,
              forced: item.forced === true,
              values: item.values,
              ...(item.forServer === true ? { forServer: true } : {}),
            },
          ]
        : [],
    ),
  };
}

/** Defaults in the order in which they go under what a task says (the nearest first), and over it (the last wins). */
export function inOrder(
  own: readonly PluginDefault[],
  outer: readonly OuterDefault[],
): { under: PluginDefault[]; over: PluginDefault[] } {
  const ofServer = outer.filter(({ forServer }) => forServer === true);
  const ofNamespaces = outer.filter(({ forServer }) => forServer !== true);
  return { under: [...own, ...ofNamespaces, ...ofServer], over: [...ofServer, ...own, ...ofNamespaces] };
}
