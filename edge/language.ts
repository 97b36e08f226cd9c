import { isTruthy, type LookupAnswer, objectScope, renderDeep } from "#expr/index.ts";
import { type InputState, type Resolving, resolveInputs } from "#flow/inputs.ts";
import { type ParsedFlow, parseFlow, type ReadFor, type ValidatedDocument, validateSource } from "#flow/parse-flow.ts";
import type { NamespaceContext } from "#flow/pinned-namespace.ts";
import { readPluginDefaults } from "#flow/plugin-defaults.ts";
import { readYaml } from "#flow/read-yaml.ts";
import type { Check, Flow, PluginDefault } from "#schema/flow.ts";
import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import { holdsSealed } from "#schema/sealed.ts";
import type { Registry } from "#tasks/define.ts";
import type { Env } from "./env.ts";
import { openSealed } from "./open-sealed.ts";
import { type Place, withLookups } from "./with-lookups.ts";

/** `states`: what forms show of each input. */
export type Resolved = { inputs: JsonObject; problems: readonly Problem[]; states: readonly InputState[] };
/** A check of the flow whose condition does not hold. */
export type FailedCheck = Pick<Check, "message" | "style" | "behavior">;
export type Rendered = { ok: true; value: Json } | { ok: false; message: string };

/** The flow language as the edge uses it: with the types that come with Windhover, and with look-ups answered. */
export class FlowLanguage {
  private readonly registry: Registry;
  private readonly now: () => EpochMs;

  constructor(registry: Registry, now: () => EpochMs) {
    this.registry = registry;
    this.now = now;
  }

  parse(source: string, readFor?: ReadFor): ParsedFlow {
    return parseFlow(source, this.registry, readFor);
  }

  /** Each document of a text in which several flows are separated by `---`. `around`: what the namespace of one gives it. */
  validate(source: string, around?: (namespace: string) => NamespaceContext): ValidatedDocument[] {
    return validateSource(source, this.registry, around);
  }

  /** The plugin defaults that a list describes, and what is wrong with it. */
  pluginDefaults(list: Json): { defaults: PluginDefault[]; problems: readonly Problem[] } {
    return readPluginDefaults(list, this.registry);
  }

  /** The plain content of the first document. */
  content(source: string): Json {
    return readYaml(source).find(({ value }) => value !== null)?.value ?? null;
  }

  /** Typed and validated inputs of an execution of `flow`. A flow without inputs costs nothing. */
  async resolveInputs(
    env: Env,
    place: Place,
    flow: Flow,
    given: JsonObject,
    resolving: Resolving = {},
  ): Promise<Resolved> {
    if (flow.inputs.length === 0) return { inputs: {}, problems: [], states: [] };
    return withLookups<Resolved>(env, place, (lookups) => {
      const { needs, ...resolved } = resolveInputs(flow, given, this.context(flow, {}, lookups), resolving);
      return needs.length > 0 ? { needs } : { done: resolved };
    });
  }

  /** Every text within `value`, rendered with `vars` beside the flow's own variables. */
  async render(env: Env, place: Place, flow: Flow, value: Json, vars: JsonObject): Promise<Rendered> {
    return withLookups<Rendered>(env, place, (lookups) => {
      const outcome = renderDeep(value, this.context(flow, vars, lookups));
      if (outcome.ok === "needs") return { needs: outcome.lookups };
      return { done: outcome.ok ? outcome : { ok: false, message: outcome.problem.message } };
    });
  }

  /** The checks of `flow` that an execution started with `vars` does not pass; one that cannot be rendered is not passed. */
  async failedChecks(env: Env, place: Place, flow: Flow, vars: JsonObject): Promise<FailedCheck[]> {
    if (flow.checks === undefined) return [];
    const opened = await openSealed(env, vars);
    const failed: FailedCheck[] = [];
    for (const { condition, message, style, behavior } of flow.checks) {
      const rendered = await this.render(env, place, flow, condition, opened);
      if (rendered.ok && isTruthy(asText(rendered.value))) continue;
      // With a secret among the values, the reason may quote it.
      const reason = rendered.ok || holdsSealed(vars) ? "" : `: ${rendered.message}`;
      const why = rendered.ok ? "" : ` (its condition cannot be rendered${reason})`;
      failed.push({ message: message + why, style, behavior });
    }
    return failed;
  }

  private context(flow: Flow, vars: JsonObject, lookups: ReadonlyMap<string, LookupAnswer>) {
    const { id, namespace, variables, namespaceVariables = {} } = flow;
    const scope = objectScope({ flow: { id, namespace }, vars: variables, namespace: namespaceVariables, ...vars });
    return { scope, lookups, now: this.now(), random: Math.random };
  }
}

function asText(value: Json): string | null {
  return value === null || typeof value === "string" ? value : JSON.stringify(value);
}
