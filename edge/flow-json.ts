import type { FlowRevision } from "#actors/flow-actor/flow-rpc.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { FlowLanguage } from "./parts.ts";

/** A flow as the API shows it: its YAML as JSON with what the server adds. With `withSource` also the text itself, byte for byte. */
export function flowJson(
  language: Pick<FlowLanguage, "documents">,
  tenant: string,
  saved: FlowRevision,
  withSource = false,
): JsonObject {
  const [document] = language.documents(saved.source);
  const value = document?.value;
  const written: JsonObject = isObject(value) ? dropNulls(value) : { tasks: [] };
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
      isObject(label) && typeof label.key === "string" ? [{ key: label.key, value: String(label.value ?? "") }] : [],
    );
  }
  return isObject(labels) ? Object.entries(labels).map(([key, value]) => ({ key, value: String(value ?? "") })) : [];
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function dropNulls(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
