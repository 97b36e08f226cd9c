import type { JsonObject } from "#schema/json.ts";
import type { Node, Template } from "./ast.ts";
import type { Call } from "./entry.ts";
import { ExprError, failure } from "./errors.ts";
import type { Run } from "./run.ts";
import { templateOf } from "./template-cache.ts";
import { setOwn, toJson } from "./text.ts";
import { isList, isMap, mapEntries, newMap, type Value } from "./value.ts";

const MAX_PASSES = 100;
/** Reading a template costs more than a step. */
const PARSE_STEPS = 20;

type Host = {
  block(name: string): string;
  nested(template: Template, multiPass: boolean): { text(nodes: readonly Node[]): string };
};

/** What the filters and functions of one template run may use. */
export function newCall(run: Run, host: Host): Call {
  const { ctx } = run;
  return {
    nowMs: ctx.now,
    timeZone: ctx.timeZone ?? "UTC",
    scope: ctx.scope,
    random: ctx.random,
    step: (count) => run.step(count),
    size: (length) => run.size(length),
    lookup: (kind, args) => run.lookup({ kind, args: definedArgs(args) }),
    block: host.block,
    render: (value, recursive) => renderValue(value, { run, host, recursive }),
  };
}

function definedArgs(args: { readonly [name: string]: Value | undefined }): JsonObject {
  const defined: JsonObject = {};
  for (const [name, value] of Object.entries(args)) {
    if (value !== undefined && value !== null) setOwn(defined, name, toJson(value));
  }
  return defined;
}

type Rendering = { run: Run; host: Host; recursive: boolean };

/** Renders texts within lists and maps, keys too. */
function renderValue(value: Value, how: Rendering): Value {
  how.run.step();
  if (typeof value === "string") return renderText(value, how);
  if (value === null || typeof value !== "object") return value;
  return how.run.nested(() => {
    if (isList(value)) return value.map((item) => renderValue(item, how));
    if (!isMap(value)) return value;
    const map = newMap();
    for (const [key, item] of mapEntries(value)) map[renderText(key, how)] = renderValue(item, how);
    return map;
  });
}

/** Once, or again and again until the text stays the same. */
function renderText(text: string, { run, host, recursive }: Rendering): string {
  return run.nested(() => {
    let current = text;
    for (let pass = 0; pass < (recursive ? MAX_PASSES : 1); pass++) {
      const next = renderOnce(current, run, host);
      if (next === current || !recursive) return run.putBack(next);
      current = next;
    }
    throw failure("Too many rendering attempts: the variables refer to each other.");
  });
}

function renderOnce(text: string, run: Run, host: Host): string {
  if (!text.includes("{")) return text;
  run.step(PARSE_STEPS + (text.length >> 2));
  try {
    const template = templateOf(text);
    return host.nested(template, true).text(template.nodes);
  } catch (error) {
    if (error instanceof ExprError) error.at = undefined;
    throw error;
  }
}
