import type { FlowRevision } from "#actors/flow-actor/flow-rpc.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { FlowLanguage } from "./language.ts";

/** A flow as the API shows it: its YAML as JSON with what the server adds. With `withSource` also the text itself, byte for byte. */
export function flowJson(
  language: Pick<FlowLanguage, "content">,
  tenant: string,
  saved: FlowRevision,
  withSource = false,
): JsonObject {
  const value = language.content(saved.source);
  const written: JsonObject = isJsonObject(value) ? dropNulls(value) : { tasks: [] };
  const labels = labelList(written.labels);
  return {
    ...written,
    ...(labels.length > 0 ? { labels } : {}),
    tenantId: tenant,
    revision: saved.revision,
    disabled: saved.disabled,
    deleted: saved.deleted,
    ...(withSource ? { source: saved.source } : {}),
  };
}

/** Labels as a list, whether written as a map or as a list. */
export function labelList(labels: Json | undefined): { key: string; value: string }[] {
  if (Array.isArray(labels)) {
    return labels.flatMap((label) =>
      isJsonObject(label) && typeof label.key === "string"
        ? [{ key: label.key, value: String(label.value ?? "") }]
        : [],
    );
  }
  return isJsonObject(labels)
    ? Object.entries(labels).map(([key, value]) => ({ key, value: String(value ?? "") }))
    : [];
}

function dropNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
