import type { JsonObject } from "#schema/json.ts";
import type { Node, Template } from "./ast.ts";
import type { Scope } from "./context.ts";
import type { Call } from "./entry.ts";
import { ExprError, failure } from "./errors.ts";
import type { LookupKind } from "./lookups.ts";
import type { Run } from "./run.ts";
import { templateOf } from "./template-cache.ts";
import { setOwn, toJson } from "./text.ts";
import { isList, isMap, mapEntries, newMap, type Value } from "./value.ts";

const MAX_PASSES = 100;
/** Reading a template costs more than a step. */
const PARSE_STEPS = 20;

/** The template run that a call belongs to. */
export type Host = {
  block(name: string): string;
  within(template: Template): { text(nodes: readonly Node[]): string };
};

/** What the filters and functions of one template run may use. */
export class RunCall implements Call {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly scope: Scope;
  private readonly run: Run;
  private readonly host: Host;

  constructor(run: Run, host: Host) {
    this.nowMs = run.ctx.now;
    this.timeZone = run.ctx.timeZone ?? "UTC";
    this.scope = run.ctx.scope;
    this.run = run;
    this.host = host;
  }

  random(): number {
    return this.run.ctx.random();
  }
  step(count: number): void {
    this.run.step(count);
  }
  regexStep(count: number): void {
    this.run.regexStep(count);
  }
  size(length: number): void {
    this.run.size(length);
  }
  block(name: string): string {
    return this.host.block(name);
  }

  lookup(kind: LookupKind, args: { readonly [name: string]: Value | undefined }): Value {
    const defined: JsonObject = {};
    for (const [name, value] of Object.entries(args)) {
      if (value !== undefined && value !== null) setOwn(defined, name, toJson(value, this));
    }
    return this.run.lookup({ kind, args: defined });
  }

  /** Renders texts within lists and maps, keys too. */
  render(value: Value, recursive: boolean): Value {
    this.run.step();
    if (typeof value === "string") return this.renderText(value, recursive);
    if (value === null || typeof value !== "object") return value;
    return this.run.nested(() => {
      if (isList(value)) return value.map((item) => this.render(item, recursive));
      if (!isMap(value)) return value;
      const map = newMap();
      for (const [key, item] of mapEntries(value)) map[this.renderText(key, recursive)] = this.render(item, recursive);
      return map;
    });
  }

  /** Once, or again and again until the text stays the same. */
  private renderText(text: string, recursive: boolean): string {
    return this.run.nested(() => {
      let current = text;
      for (let pass = 0; pass < (recursive ? MAX_PASSES : 1); pass++) {
        const next = this.renderOnce(current);
        if (next === current || !recursive) return this.run.putBack(next);
        current = next;
      }
      throw failure("Too many rendering attempts: the variables refer to each other.");
    });
  }

  private renderOnce(text: string): string {
    if (!text.includes("{")) return text;
    this.run.step(PARSE_STEPS + (text.length >> 2));
    try {
      const template = templateOf(text);
      return this.host.within(template).text(template.nodes);
    } catch (error) {
      if (error instanceof ExprError) error.at = undefined;
      throw error;
    }
  }
}
