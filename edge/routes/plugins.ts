import * as z from "zod";
import type { AnyTask, ConditionDefinition, TriggerDefinition } from "#tasks/define.ts";
import { typePage } from "#tasks/docs.ts";
import { flowJsonSchema, objectSchema } from "#tasks/json-schema.ts";
import { registry } from "#tasks/registry.ts";
import { HttpError, notFound } from "../http-error.ts";
import type { AppParts } from "../parts.ts";
import { param } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { userRoute } from "./user-route.ts";

const tag = "Plugins";
const ClassAnswer = z.object({ cls: z.string(), deprecated: z.boolean() });
const PluginAnswer = z.object({
  name: z.string(),
  title: z.string(),
  group: z.string(),
  version: z.string(),
  aliases: z.array(z.string()),
  tasks: z.array(ClassAnswer),
  triggers: z.array(ClassAnswer),
  conditions: z.array(ClassAnswer),
});
const TypeAnswer = z.object({ markdown: z.string(), schema: z.looseObject({ properties: z.unknown() }) });

/** Which types there are, their documentation and the schema that editors use. All of it is known at build time. */
export function pluginRoutes({ version }: AppParts): readonly Route[] {
  let schemaText: string | undefined;

  function flowSchema(): Response {
    schemaText ??= JSON.stringify(flowJsonSchema(registry));
    return new Response(schemaText, {
      headers: { "content-type": "application/schema+json", "cache-control": "public, max-age=300" },
    });
  }

  function schemaOf(c: AppContext): Response {
    const type = param(c, "type");
    if (type.toLowerCase() === "flow") return flowSchema();
    throw new HttpError(422, `Illegal argument: there is no schema for '${type.slice(0, 100)}'; there is one for flow`);
  }

  function list(c: AppContext): Response {
    type Group = { tasks: AnyTask[]; triggers: TriggerDefinition[]; conditions: ConditionDefinition[] };
    const groups = new Map<string, Group>();
    const groupOf = (type: string) => {
      const name = groupName(type);
      const group = groups.get(name) ?? { tasks: [], triggers: [], conditions: [] };
      groups.set(name, group);
      return group;
    };
    for (const task of registry.tasks) groupOf(task.type).tasks.push(task);
    for (const trigger of registry.triggers) groupOf(trigger.type).triggers.push(trigger);
    for (const condition of registry.conditions) groupOf(condition.type).conditions.push(condition);
    const classes = (types: readonly { type: string }[]) => types.map(({ type }) => ({ cls: type, deprecated: false }));
    return c.json(
      [...groups].sort().map(([group, { tasks, triggers, conditions }]) => ({
        name: group,
        title: group.split(".").at(-1) ?? group,
        group,
        version,
        aliases: [...tasks, ...triggers, ...conditions].flatMap(({ aliases }) => aliases),
        tasks: classes(tasks),
        triggers: classes(triggers),
        conditions: classes(conditions),
      })),
    );
  }

  function docs(c: AppContext): Response {
    const cls = param(c, "cls");
    const found = registry.task(cls) ?? registry.trigger(cls) ?? registry.condition(cls);
    if (!found) throw notFound(`Class '${cls.slice(0, 200)}' doesn't exists`);
    const outputs = "output" in found ? objectSchema(found.output) : { properties: {}, required: [] };
    const schema = { properties: objectSchema(found.input), outputs, definitions: {} };
    return c.json({ markdown: typePage(found), schema });
  }

  const schema = { 200: { description: "JSON schema of a flow", contentType: "application/schema+json" } };
  return [
    {
      method: "GET",
      path: "/schemas/flow.json",
      guard: "public",
      summary: "JSON schema of a flow, for editors",
      handler: flowSchema,
      openapi: { tag, answers: schema },
    },
    {
      method: "GET",
      path: "/plugins/schemas/:type",
      guard: "public",
      summary: "JSON schema of a kind of document",
      handler: schemaOf,
      openapi: { tag, answers: schema },
    },
    userRoute("GET /plugins", "Task, trigger and condition types", list, {
      tag,
      answers: { 200: { description: "Types by group", schema: z.array(PluginAnswer) } },
    }),
    userRoute("GET /plugins/:cls", "Documentation of a type", docs, {
      tag,
      answers: { 200: { description: "Markdown and schema", schema: TypeAnswer } },
    }),
  ];
}

/** `io.kestra.plugin.scripts.python.Script` is of `io.kestra.plugin.scripts`. */
function groupName(type: string): string {
  return type.split(".").slice(0, 4).join(".");
}
