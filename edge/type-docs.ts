import * as z from "zod";
import type { JsonObject } from "#schema/json.ts";
import type { AnyTask, TriggerDefinition } from "#tasks/define.ts";

/** The documentation of a type as the UI and the API show it, made from the type's own description. */
export function describeType(found: AnyTask | TriggerDefinition): { markdown: string; schema: JsonObject } {
  const properties = jsonSchema(found.input);
  const outputs = jsonSchema(found.output);
  return { markdown: markdownOf(found, properties), schema: { properties, outputs, definitions: {} } };
}

function jsonSchema(schema: z.ZodObject): JsonObject {
  const text = JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  return JSON.parse(text);
}

function markdownOf(found: AnyTask | TriggerDefinition, schema: JsonObject): string {
  const lines = [`# ${found.title}`, "", `\`${found.type}\``, "", found.description, ""];
  if (found.aliases.length > 0)
    lines.push(`Also known as: ${found.aliases.map((alias) => `\`${alias}\``).join(", ")}`, "");
  for (const { title, yaml } of found.examples) lines.push(`## ${title}`, "", "```yaml", yaml.trimEnd(), "```", "");
  const rows = propertyRows(schema);
  if (rows.length > 0)
    lines.push("## Properties", "", "| property | required | description |", "|---|:-:|---|", ...rows, "");
  return lines.join("\n");
}

function propertyRows({ properties, required }: JsonObject): string[] {
  if (typeof properties !== "object" || properties === null || Array.isArray(properties)) return [];
  const names = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties).map(([name, property]) => {
    const described =
      typeof property === "object" && property !== null && !Array.isArray(property) ? property.description : "";
    const text = typeof described === "string" ? described.replaceAll("|", "\\|").replaceAll("\n", " ") : "";
    return `| \`${name}\` | ${names.has(name) ? "x" : ""} | ${text} |`;
  });
}
