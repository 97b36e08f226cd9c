import * as z from "zod";
import { base64 } from "#schema/bytes.ts";
import { State } from "#schema/state.ts";
import { dynamic } from "./property.ts";

// What conditions share. A condition is compiled to an expression over
//
//   observed.state, namespace, flowId, labels (a flat map), outputs (null for none)   the execution that it looks at
//   observed.retried   states of the attempts of task runs that were tried more than once
//   flow.id, flow.namespace   the flow that it stands in

const CORE = "io.kestra.plugin.core.condition.";

export function conditionType(name: string): string {
  return `${CORE}${name}`;
}

/** The old names: with `Condition` behind it, in the old package and in the new one. */
export function conditionAliases(name: string): readonly string[] {
  return [`${CORE}${name}Condition`, `io.kestra.core.models.conditions.types.${name}Condition`];
}

/** `text` as a literal of the expression language, whatever stands in it. */
export function literal(text: string): string {
  return /^[^'"\\#{}%\r\n]*$/.test(text) ? `'${text}'` : `('${base64(text)}' | base64decode)`;
}

export function literals(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]`;
}

/** True when the rendered text is neither blank nor `false`. */
export function holds(template: string): string {
  return `not (['', 'false'] contains (render(${literal(template)}) | trim))`;
}

export const dateProperty = dynamic(z.string()).default("{{ trigger.date }}").describe("The date it looks at");

/** The date that `template` gives, as text. */
export function dateText(template: string): string {
  return `render(${literal(template)})`;
}

/** Its day as the date's own zone has it, `2024-05-15`. */
export function dayText(template: string): string {
  return `(${dateText(template)} | substringBefore('T'))`;
}

export function weekday(template: string): string {
  return `(${dayText(template)} | date('EEEE') | upper)`;
}

export const WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"] as const;

export const stateLists = {
  in: z.array(State).describe("States that it may have; any when left out").optional(),
  notIn: z.array(State).describe("States that it may not have").optional(),
};

export type StateLists = { in?: readonly string[] | undefined; notIn?: readonly string[] | undefined };

/** An empty list says nothing. */
export function isState(subject: string, { in: allowed = [], notIn: refused = [] }: StateLists): string {
  const parts = [
    ...(allowed.length > 0 ? [`${literals(allowed)} contains ${subject}`] : []),
    ...(refused.length > 0 ? [`not (${literals(refused)} contains ${subject})`] : []),
  ];
  return parts.length === 0 ? "true" : parts.map((part) => `(${part})`).join(" and ");
}

/** An example: tasks of a listener that run under the condition. */
export function listenerExample(condition: string): string {
  return `id: with_a_listener
namespace: company.team
tasks:
  - id: work
    type: io.kestra.plugin.core.log.Log
    message: Working
listeners:
  - conditions:
${condition.replace(/^(?=.)/gm, "      ")}
    tasks:
      - id: tell
        type: io.kestra.plugin.core.log.Log
        message: "It ended {{ execution.state }}"
`;
}
