import type * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { AnyTask, ConditionDefinition, TriggerDefinition } from "./define.ts";
import { objectSchema } from "./json-schema.ts";

/** The documentation page of a type, in Markdown. */
export function typePage(definition: AnyTask | TriggerDefinition | ConditionDefinition): string {
  const { type, title, description, aliases, examples, input } = definition;
  const parts = [
    `# ${lastSegment(type)}`,
    `\`${type}\``,
    `**${title}**`,
    description,
    ...("where" in definition ? [WHERE[definition.where]] : []),
    ...(aliases.length > 0 ? [`Also accepted: ${aliases.map((alias) => `\`${alias}\``).join(", ")}.`] : []),
    "## Examples",
    ...examples.map((example) => `### ${example.title}\n\n\`\`\`yaml\n${example.yaml.trimEnd()}\n\`\`\``),
    "## Properties",
    table(input, ["Property", "Type", "Default", "Meaning"]),
    ...("output" in definition ? ["## Outputs", table(definition.output, ["Output", "Type", "", "Meaning"])] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

const WHERE = {
  engine: "Steers other tasks; runs nothing itself.",
  inline: "Runs inside the execution, at once.",
  edge: "Runs on the server, beside the execution.",
  sandbox: "Runs in the sandbox, or on a runner agent when its properties ask for one.",
  agent: "Runs on a runner agent.",
  "stand-in": "Runs where the task runs that it says.",
} as const;

function lastSegment(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

function table(schema: z.ZodObject, heads: readonly string[]): string {
  const { properties, required } = objectSchema(schema);
  const rows = Object.entries(properties);
  if (rows.length === 0) return "None.";
  const lines = rows.map(([name, property]) => {
    const fields = isJsonObject(property) ? property : {};
    const fallback = fields.default === undefined ? "" : `\`${JSON.stringify(fields.default)}\``;
    const marks = [required.includes(name) ? "required" : "", fields.deprecated === true ? "deprecated" : ""].filter(
      Boolean,
    );
    const label = marks.length > 0 ? `\`${name}\` (${marks.join(", ")})` : `\`${name}\``;
    return `| ${label} | ${cell(typeOf(fields))} | ${cell(fallback)} | ${cell(meaning(fields))} |`;
  });
  return [`| ${heads.join(" | ")} |`, "|---|---|---|---|", ...lines].join("\n");
}

function meaning(property: JsonObject): string {
  const text = typeof property.description === "string" ? property.description : "";
  return property.$dynamic === true ? `${text}. Rendered` : text;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function typeOf(schema: Json | undefined): string {
  if (!isJsonObject(schema)) return "any";
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  const options = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(options)) return [...new Set(options.map(typeOf))].join(" or ");
  if (schema.type === "array") return `list of ${itemName(schema.items)}`;
  if (schema.type === "object") return "map";
  if (Array.isArray(schema.type)) return schema.type.includes("number") ? "duration" : schema.type.join(" or ");
  return typeof schema.type === "string" ? schema.type : "any";
}

function itemName(items: Json | undefined): string {
  const ref = isJsonObject(items) && typeof items.$ref === "string" ? items.$ref : undefined;
  return ref === undefined ? typeOf(items) : `${ref.slice(ref.lastIndexOf("/") + 1)}s`;
}
