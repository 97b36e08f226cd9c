import type { FlowKey } from "#actors/flow-actor/flow-rpc.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Label } from "#schema/event.ts";
import type { Flow, Trigger } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Env } from "./env.ts";
import type { FlowLanguage } from "./language.ts";
import { judgeStart } from "./start-checks.ts";

export type Planned = {
  inputs: JsonObject;
  labels: Label[];
  /** A check of the flow lets the execution fail at once, with this message. */
  failure?: string;
};
export type Firing = { key: FlowKey; flow: Flow; trigger: Trigger; variables: JsonObject };

/** What a trigger gives the execution that it starts: its inputs, rendered and typed, and its labels. `error` is for the flow's author. */
export async function planTriggered(
  language: FlowLanguage,
  env: Env,
  { key, flow, trigger, variables }: Firing,
): Promise<Planned | { error: string }> {
  const vars = { trigger: { id: trigger.id, type: trigger.type, ...variables } };
  const rendered = await language.render(env, key, flow, trigger.properties.inputs ?? {}, vars);
  if (!rendered.ok) return { error: `The inputs of trigger '${trigger.id}' cannot be rendered: ${rendered.message}` };
  const given = isJsonObject(rendered.value) ? rendered.value : {};
  const { inputs, problems } = await language.resolveInputs(env, key, flow, given);
  const errors = problems.filter(({ severity = "error" }) => severity === "error");
  if (errors.length > 0) return { error: errors.map(({ message }) => message).join(", ") };
  const { blocked, ...verdict } = await judgeStart(language, env, { key, flow, vars: { ...vars, inputs } });
  if (blocked !== undefined) return { error: blocked };
  return { inputs, labels: await labelsOf(language, env, { key, flow, trigger, variables: vars }), ...verdict };
}

/** A label whose value cannot be rendered is left out. */
async function labelsOf(language: FlowLanguage, env: Env, { key, flow, trigger, variables }: Firing): Promise<Label[]> {
  const labels: Label[] = [];
  for (const label of trigger.labels ?? []) {
    const value = await language.render(env, key, flow, label.value, variables);
    if (value.ok && typeof value.value === "string") labels.push({ key: label.key, value: value.value });
  }
  return labels;
}
