import type { Flow } from "#schema/flow.ts";
import type { RandomBytes } from "#schema/ids.ts";
import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { Registry } from "#tasks/define.ts";
import type { FlowCache } from "./flow-cache.ts";

/** `flow` is there when no problem refuses it; warnings may stand beside it. */
export type ParsedFlow = { flow?: Flow; problems: readonly Problem[] };

/** What the edge needs to know of the flow language. */
export interface FlowLanguage {
  parse(source: string): ParsedFlow;
  /** The plain content of each YAML document in `source`, with the text of each; never throws. */
  documents(source: string): readonly { value: Json; source: string }[];
  /** Typed and validated inputs from texts and values as given. */
  resolveInputs(flow: Flow, given: JsonObject, now: EpochMs): { inputs: JsonObject; problems: readonly Problem[] };
  /** The JSON schema of a whole flow. */
  schema(): JsonObject;
}

/** What the routes are made of, beside the environment of each request. */
export type AppParts = {
  language: FlowLanguage;
  registry: Registry;
  cache: FlowCache;
  now(): EpochMs;
  random: RandomBytes;
  /** Version of the product, for clients that ask. */
  version: string;
};
