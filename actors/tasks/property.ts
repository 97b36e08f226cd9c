import type * as z from "zod";
import type { EvalContext, ExprProblem, Lookup, Outcome } from "#expr/index.ts";
import { renderDeep, renderTyped } from "#expr/index.ts";
import { conform, formatPath, isJsonObject, type PropertyPath } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { objectShapeOf, type Shape } from "#schema/shape.ts";

export {
  anyMap,
  anything,
  deprecated,
  duration,
  dynamic,
  labelMap,
  nested,
  stringOrList,
  textMap,
  typed,
} from "#schema/property.ts";

// From what the YAML says to what a task's code gets.
//
// R1. What is marked dynamic is rendered, deeply; nothing else is, and never twice.
// R2. Rendered text becomes the declared type: `"5"` an integer, `PT30S` 30,000 ms, JSON text a list or a map.
// R3. Every look-up that rendering needs is asked for at once.
// R4. A problem names the property. Nested tasks are not looked at.

/**
 * Renders and converts the own properties of a task. Props are what `definition.input` gives: the type is `never` because only the
 * definition itself knows it, so that the value fits its own `run` or `expand` and nothing else.
 */
export function prepareProperties(
  definition: { input: z.ZodObject },
  properties: JsonObject,
  ctx: EvalContext,
): Outcome<never> {
  const renderer = new Renderer(ctx);
  const shape = objectShapeOf(definition.input);
  const rendered: JsonObject = {};
  for (const [name, value] of Object.entries(properties)) {
    const field = shape.fields.get(name);
    if (field !== undefined) rendered[name] = renderer.render(field, value, [name]);
  }
  if (renderer.problem !== undefined) return { ok: false, problem: renderer.problem };
  if (renderer.lookups.length > 0) return { ok: "needs", lookups: renderer.lookups };
  const { value, issues } = conform(definition.input, rendered, { mode: "rendered" });
  const [issue] = issues;
  if (issue !== undefined) {
    const property = formatPath(issue.path);
    const message = issue.path.length > 1 ? `${property}: ${issue.message}` : issue.message;
    return { ok: false, problem: { code: "EXPR_TYPE", message, line: 1, column: 1, property } };
  }
  return { ok: true, value: value as never }; // see above
}

class Renderer {
  readonly lookups: Lookup[] = [];
  problem: ExprProblem | undefined;
  readonly #ctx: EvalContext;

  constructor(ctx: EvalContext) {
    this.#ctx = ctx;
  }

  render(shape: Shape, value: Json, path: PropertyPath): Json {
    if (value === null || shape.kind === "nested") return value;
    if (shape.dynamic) return shape.typed ? this.#typed(value, path) : this.#take(renderDeep(value, this.#ctx), path);
    const inner = shape.kind === "union" ? optionFor(shape.options, shape.discriminator, value) : shape;
    if (inner?.kind === "object" && isJsonObject(value)) {
      return mapValues(value, (item, key) => {
        const field = inner.fields.get(key);
        return field === undefined ? item : this.render(field, item, [...path, key]);
      });
    }
    if (inner?.kind === "map" && isJsonObject(value)) {
      return mapValues(value, (item, key) => this.render(inner.item, item, [...path, key]));
    }
    if (inner?.kind === "list" && Array.isArray(value)) {
      return value.map((item, index) => this.render(inner.item, item, [...path, index]));
    }
    return value;
  }

  #typed(value: Json, path: PropertyPath): Json {
    if (typeof value === "string") return this.#take(renderTyped(value, this.#ctx), path);
    if (Array.isArray(value)) return value.map((item, index) => this.#typed(item, [...path, index]));
    if (isJsonObject(value)) return mapValues(value, (item, key) => this.#typed(item, [...path, key]));
    return value;
  }

  #take(outcome: Outcome<Json>, path: PropertyPath): Json {
    if (outcome.ok === true) return outcome.value;
    if (outcome.ok === "needs") this.lookups.push(...outcome.lookups);
    else this.problem ??= inProperty(outcome.problem, formatPath(path));
    return null;
  }
}

function inProperty(problem: ExprProblem, property: string): ExprProblem {
  return { ...problem, message: `\`${property}\`: ${problem.message}`, property };
}

function mapValues(map: JsonObject, each: (item: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, each(item, key)]));
}

function optionFor(options: readonly Shape[], discriminator: string | undefined, value: Json): Shape | undefined {
  if (Array.isArray(value)) return options.find((option) => option.kind === "list");
  if (!isJsonObject(value)) return undefined;
  if (discriminator === undefined) return options.find((option) => option.kind === "object" || option.kind === "map");
  return options.find((option) => {
    const field = option.kind === "object" ? option.fields.get(discriminator) : undefined;
    return field?.kind === "choice" && field.choices.includes(String(value[discriminator]));
  });
}
