import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import { sha256Hex } from "#schema/hash.ts";
import type { JsonObject } from "#schema/json.ts";
import { type EdgeContext, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

// A state is a map that is kept from execution to execution: a key-value pair of the flow's namespace, so that it is seen and edited
// where those are. Its key is `states_FLOW_NAME`, with a hash of the loop's value where there is one.

export const stateInput = {
  name: dynamic(z.string().min(1)).default("default").describe("Name of the state"),
  namespace: dynamic(z.boolean()).default(false).describe("All flows of the namespace share it"),
  taskrunValue: dynamic(z.boolean()).default(true).describe("In a loop, each value has a state of its own"),
};
type StateProps = { name: string; namespace: boolean; taskrunValue: boolean };

const MAX_KEY_LENGTH = 200;

/** The key of the state among the key-values of the flow's namespace. */
export function stateKey({ name, namespace, taskrunValue }: StateProps, ctx: EdgeContext): string {
  const value = taskrunValue && ctx.turnValue !== undefined ? `_${sha256Hex(ctx.turnValue).slice(0, 16)}` : "";
  const key = `states${namespace ? "" : `_${ctx.flow.id}`}_${name}${value}`;
  if (/^[\w.-]+$/.test(key) && key.length <= MAX_KEY_LENGTH) return key;
  return `states_${sha256Hex(key)}`;
}

/** The state; undefined when there is none. */
export async function readState(key: string, ctx: EdgeContext): Promise<JsonObject | undefined> {
  const found = await ctx.kv.get(ctx.flow.namespace, key);
  if (found === undefined) return undefined;
  if (isJsonObject(found.value)) return found.value;
  throw new TaskFailure(`The key '${key}' of the namespace ${ctx.flow.namespace} holds no map, and so no state.`);
}

export function missingState(name: string, key: string): TaskFailure {
  return new TaskFailure(`There is no state '${name}' (key '${key}'), and \`errorOnMissing\` is true.`);
}
