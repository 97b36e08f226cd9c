import type { FlowWorld } from "#actors/flow-actor/flow-room.ts";
import { cellName, derivedExecutionId } from "#schema/ids.ts";
import { TERMINAL_STATES } from "#schema/state.ts";
import { MAX_PAGE_SIZE } from "./db/filter.ts";
import { actorByName, type Env } from "./env.ts";
import { flowJson, labelList } from "./flow-json.ts";
import type { FlowLanguage } from "./language.ts";
import { portsOf } from "./ports/ports.ts";
import { placementOf } from "./request.ts";
import { contextOf } from "./spaces.ts";
import { maxDepthOf, withFlowLabels } from "./start-execution.ts";
import { pinned } from "./templates.ts";
import { planTriggered } from "./triggered.ts";

/** The world of a flow's actor on the platform: cells, look-ups and lists. */
export function createFlowWorld(env: Env, language: FlowLanguage, now: () => number): FlowWorld {
  function cell(executionId: string) {
    const name = cellName(executionId);
    if (name === undefined) throw new Error(`${executionId} is no execution id`);
    return actorByName(env.CELL, name);
  }

  return {
    executionId: ({ tenant, namespace, flowId }, triggerId, dueAt) =>
      derivedExecutionId([tenant, namespace, flowId, triggerId, String(dueAt)], placementOf(env)),

    async plan(key, flow, triggerId, variables) {
      const trigger = flow.triggers.find(({ id }) => id === triggerId);
      if (!trigger) return { error: `there is no trigger '${triggerId}'` };
      const { variables: namespaceVariables } = await contextOf(env, key.tenant, key.namespace);
      const now = { ...flow, namespaceVariables };
      const planned = await planTriggered(language, env, { key, flow: now, trigger, variables });
      return "error" in planned ? planned : { ...planned, labels: withFlowLabels(flow.labels, planned.labels) };
    },

    async start(request) {
      await cell(request.id).start(await pinned(env, { ...request, maxDepth: maxDepthOf(env) }));
    },

    async stateOf(executionId) {
      return (await cell(executionId).get(executionId))?.state;
    },

    async tellSlot({ executionId, effect, answer, reason }) {
      const said = reason === undefined ? { answer } : { answer, reason };
      return cell(executionId).slotAnswered(executionId, effect, said);
    },

    async running({ tenant, namespace, flowId }) {
      const { projection } = portsOf(env);
      const ids: string[] = [];
      for (let page = 1; ; page++) {
        const found = await projection.searchExecutions(
          tenant,
          [
            { field: "namespace", op: "EQUALS", values: [namespace] },
            { field: "flowId", op: "EQUALS", values: [flowId] },
            { field: "state", op: "NOT_IN", values: [...TERMINAL_STATES, "CREATED", "QUEUED"] },
          ],
          { page, size: MAX_PAGE_SIZE, sort: [] },
        );
        ids.push(...found.results.map(({ id }) => id));
        if (found.results.length < MAX_PAGE_SIZE) return ids;
      }
    },

    async project(key, head, flow, triggers) {
      const { projection } = portsOf(env);
      const json = flowJson(language, key.tenant, head);
      await projection.upsertFlow({
        tenant: key.tenant,
        namespace: key.namespace,
        id: key.flowId,
        revision: head.revision,
        disabled: head.disabled,
        deleted: head.deleted,
        description: flow?.description ?? null,
        labels: labelList(json.labels),
        json: JSON.stringify(json),
        updatedAt: now(),
      });
      await projection.replaceTriggers(key, triggers);
    },
  };
}
