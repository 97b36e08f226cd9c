import { type EvalContext, type Lookup, lookupKey, type Outcome, renderDeep, sealLookup } from "#expr/index.ts";
import type { Flow } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { parseValue, show } from "./input-values.ts";
import { nest } from "./nest.ts";

/**
 * The outputs that `flow` declares, rendered and typed as inputs are; dotted ids as nested maps. A SECRET is sealed. The first failure ends it.
 */
export function renderOutputs(flow: Pick<Flow, "outputs">, ctx: EvalContext): Outcome<JsonObject> {
  const values = new Map<string, Json>();
  const needs: Lookup[] = [];
  for (const output of flow.outputs) {
    const rendered = renderDeep(output.value, ctx);
    if (rendered.ok === false) {
      return { ok: false, problem: { ...rendered.problem, message: `\`${output.id}\`: ${rendered.problem.message}` } };
    }
    if (rendered.ok === "needs") {
      needs.push(...rendered.lookups);
      continue;
    }
    const isEmpty = rendered.value === null || (rendered.value === "" && output.type !== "STRING");
    if (isEmpty && output.required === false) continue;
    if (output.type === undefined) {
      values.set(output.id, rendered.value);
      continue;
    }
    const parsed = parseValue({ type: output.type, itemType: "STRING" }, rendered.value, undefined);
    if (!parsed.ok) return refused(output.id, `${parsed.message}, but received \`${show(rendered.value)}\``);
    if (output.type !== "SECRET") {
      values.set(output.id, parsed.value);
      continue;
    }
    const lookup = sealLookup(String(parsed.value));
    const sealed = ctx.lookups?.get(lookupKey(lookup));
    if (sealed === undefined) needs.push(lookup);
    else if (sealed.ok) values.set(output.id, sealed.value);
    else return refused(output.id, sealed.message);
  }
  return needs.length > 0 ? { ok: "needs", lookups: needs } : { ok: true, value: nest(values) };
}

function refused(id: string, reason: string): Outcome<JsonObject> {
  const message = `Invalid output for \`${id}\`, ${reason}`;
  return { ok: false, problem: { code: "EXPR_TYPE", message, line: 1, column: 1 } };
}
