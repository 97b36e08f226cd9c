import { stringify } from "yaml";
import { compilePlan, type Plan } from "#engine/index.ts";
import { type ParsedFlow, parseFlow } from "#flow/parse-flow.ts";
import type { Flow } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { registry } from "#tasks/registry.ts";
import { describeTypes, type TypeDoc } from "./catalogue.ts";
import { completeFlow, explainFlow, typeAt } from "./completion.ts";
import { explainExpression, isInExpression } from "./expression-completion.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { EngineReplay } from "./replay.ts";

// The server's own validator, types and reducer, as the page uses them. One module, so that it is one lazily loaded chunk.

export type { Flow, Graph, ParsedFlow, Plan, TypeDoc };
export { completeFlow, explainExpression, explainFlow, isInExpression, typeAt };

let types: readonly TypeDoc[] | undefined;

/** Every task and trigger type there is. */
export function allTypes(): readonly TypeDoc[] {
  types ??= describeTypes(registry);
  return types;
}

/** The same answer the server gives when it is asked to save `source`. */
export function parse(source: string): ParsedFlow {
  return parseFlow(source, registry);
}

/** A value as a reader writes it in YAML. */
export function printYaml(value: Json): string {
  return stringify(value);
}

export function graphOf(flow: Flow): Graph {
  return buildGraph(flow, compilePlan(flow));
}

/** A replay of executions of the stored flow; undefined when this page cannot read it. */
export function startReplay(source: string): EngineReplay | undefined {
  const { flow, draft } = parseFlow(source, registry, "accepted");
  // A flow may have been saved by a server with more types than this page knows: its plan is still readable.
  const readable = flow ?? draft;
  return readable && new EngineReplay(readable);
}
