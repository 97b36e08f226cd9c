import * as z from "zod";
import type { Json, JsonObject } from "#schema/json.ts";
import { TaskFailure } from "#tasks/define.ts";

// The properties of a script task, rendered. Several may come as the JSON text of what they mean.

function fromText(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const texts = z.preprocess(
  (value) => {
    const parsed = fromText(value);
    return typeof parsed === "string" ? [parsed] : parsed;
  },
  z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)),
);
const map = z.preprocess(fromText, z.record(z.string(), z.json()));
const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")]);
const nullable = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const ScriptProperties = z.object({
  script: nullable(z.string()),
  commands: nullable(texts),
  beforeCommands: nullable(texts),
  interpreter: nullable(texts),
  failFast: nullable(flag),
  env: nullable(map),
  inputFiles: nullable(map),
  outputFiles: nullable(texts),
  outputDirectory: nullable(flag),
  warningOnStdErr: nullable(flag),
  containerImage: nullable(z.string()),
  docker: nullable(z.looseObject({ image: nullable(z.string()) })),
  runner: nullable(z.string()),
  taskRunner: nullable(z.looseObject({ type: nullable(z.string()) })),
});
export type ScriptProperties = z.infer<typeof ScriptProperties>;

/** Rejects with a TaskFailure that names the property. */
export function parseScriptProperties(properties: JsonObject): ScriptProperties {
  const parsed = ScriptProperties.safeParse(properties);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new TaskFailure(`The task's properties cannot be used: ${issues.join("; ")}`);
}

/** Environment and file contents are texts; other values are given as JSON. Nothing for null. */
export function asText(value: Json): string | undefined {
  if (value === null) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
