import { parse } from "yaml";
import { INPUT_TYPES, type Flow, type Retry, type Task } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";

// A flow's source as a Flow, trusting it wholly. For development against the mock server only.

const LISTS = ["tasks", "then", "else", "errors", "finally"];

export function miniFlow(source: string): Flow {
  const root = parse(source) as JsonObject;
  const list = (json: Json | undefined): Task[] => (Array.isArray(json) ? json.map((item) => toTask(item as JsonObject)) : []);
  const toTask = (json: JsonObject): Task => {
    const { id, type, retry, ...properties } = json;
    return {
      id: String(id),
      type: String(type),
      properties,
      lists: Object.fromEntries(LISTS.filter((name) => Array.isArray(json[name])).map((name) => [name, list(json[name])])),
      ...(retry ? { retry: RETRY } : {}),
    };
  };
  return {
    id: String(root.id),
    namespace: String(root.namespace),
    labels: Object.entries((root.labels ?? {}) as JsonObject).map(([key, value]) => ({ key, value: String(value) })),
    inputs: ((root.inputs ?? []) as JsonObject[]).map((input) => ({
      ...input,
      id: String(input.id),
      type: INPUT_TYPES.find((type) => type === input.type) ?? "STRING",
      required: input.required !== false,
    })),
    variables: {},
    tasks: list(root.tasks),
    errors: list(root.errors),
    finally: list(root.finally),
    afterExecution: list(root.afterExecution),
    outputs: ((root.outputs ?? []) as JsonObject[]).map((output) => ({ id: String(output.id), type: "STRING", value: output.value ?? null })),
    triggers: ((root.triggers ?? []) as JsonObject[]).map(({ id, type, ...properties }) => ({
      id: String(id),
      type: String(type),
      properties,
    })),
    pluginDefaults: [],
    disabled: root.disabled === true,
  };
}

const RETRY: Retry = {
  type: "constant",
  intervalMs: 2000,
  maxIntervalMs: undefined,
  minIntervalMs: undefined,
  delayFactor: 2,
  maxAttempts: 3,
  maxDurationMs: undefined,
  warningOnRetry: false,
  behavior: "RETRY_FAILED_TASK",
};
