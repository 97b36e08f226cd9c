import type { Input } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { taskIdsOf } from "../model/steering.ts";
import { api } from "./api.ts";
import { loadEngine } from "./engine.ts";
import { inputsOf } from "./execute.svelte.ts";

/** What forms ask of a flow: its inputs, its tasks by their ids, and whether it checks what it is started with. */
export type FlowAt = {
  revision: number;
  inputs: readonly Input[];
  taskIds: readonly string[];
  /** It has checks that a form is to show. */
  hasChecks: boolean;
  printYaml: (value: Json) => string;
};

/** The flow at a revision, or as it is now. */
export async function loadFlowAt(
  namespace: string,
  id: string,
  revision: number | undefined,
  signal?: AbortSignal,
): Promise<FlowAt> {
  const [flow, engine] = await Promise.all([api.flow(namespace, id, revision, signal), loadEngine()]);
  const { flow: read, draft } = engine.parse(flow.source ?? "");
  const readable = read ?? draft;
  return {
    revision: flow.revision,
    inputs: inputsOf(flow),
    taskIds: readable ? taskIdsOf(readable) : [],
    printYaml: engine.printYaml,
    hasChecks: Array.isArray(flow.checks) && flow.checks.length > 0,
  };
}
