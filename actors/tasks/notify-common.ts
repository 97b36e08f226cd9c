import * as z from "zod";
import { decodeText } from "#schema/bytes.ts";
import { formatDuration } from "#schema/duration.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { isoInstant } from "#schema/time.ts";
import { type EdgeContext, type EdgeTask, type Example, type ExecutionFacts, TaskFailure } from "./define.ts";
import { HttpOptions, httpCall } from "./http-common.ts";
import { anyMap, anything, dynamic } from "./property.ts";

// Tasks that tell a service something. Each service has two: one that sends what it is given, and one that tells of an execution.
//
// N1. What `payload` says is sent as it is: it wins over everything else.
// N2. A service that does not take a message fails the task, with the status and the beginning of what it says.
// N3. The address of a webhook is a secret: no message of ours shows it.

const DETAIL_CHARACTERS = 300;
const TIMEOUT_MS = 30_000;

export type Sending = { url: string; headers?: Record<string, string>; body: string; contentType?: string };

const options = dynamic(HttpOptions).describe("Time limits, credentials and the like of the request").optional();
const payload = dynamic(anything()).describe("What is sent instead: JSON as text, or as a map").optional();
const url = dynamic(z.string()).describe("Address of the service's webhook; keep it in a secret");

/** Properties of every task that sends to a webhook. */
export const webhookInput = { url, payload, options };
/** As `webhookInput`, for a service whose address is known. */
export const sendInput = { payload, options };

/** Properties of every task that tells of an execution. */
export const executionInput = {
  executionId: dynamic(z.string()).describe("The execution it tells of; this one when left out").optional(),
  customFields: dynamic(anyMap()).describe("More to tell: names and values").optional(),
  customMessage: dynamic(z.string()).describe("A sentence of your own").optional(),
  templateRenderMap: dynamic(anyMap()).describe("As `customFields`; kept for old flows").optional(),
};
type ExecutionProps = {
  executionId?: string | undefined;
  customFields?: JsonObject | undefined;
  customMessage?: string | undefined;
  templateRenderMap?: JsonObject | undefined;
};

/** What there is to tell of an execution. */
export type Told = {
  id: string;
  facts: ExecutionFacts;
  /** One line. */
  title: string;
  /** A sentence of the user's; empty when there is none. */
  message: string;
  fields: readonly (readonly [name: string, value: string])[];
  /** All of it, a line each. */
  text: string;
};

export async function tellOf(props: ExecutionProps, ctx: EdgeContext): Promise<Told> {
  const id = props.executionId ?? ctx.executionId;
  const facts = await ctx.executions.find(id);
  if (facts === undefined) throw new TaskFailure(`Unable to find execution '${id}'.`);
  const { namespace, flowId, state, startedAt, endedAt, failedTaskId } = facts;
  const fields: [string, string][] = [
    ["Namespace", namespace],
    ["Flow", flowId],
    ["Execution", id],
    ["State", state],
    ["Started", isoInstant(startedAt)],
    ["Duration", formatDuration((endedAt ?? ctx.now) - startedAt)],
    ...(failedTaskId === undefined ? [] : ([["Failed task", failedTaskId]] as [string, string][])),
    ["Link", `/ui/executions/${[namespace, flowId, id].map(encodeURIComponent).join("/")}`],
  ];
  for (const [name, value] of Object.entries({ ...props.templateRenderMap, ...props.customFields }))
    fields.push([name, asText(value)]);
  const title = `${namespace}.${flowId} is ${state}`;
  const message = props.customMessage ?? "";
  const lines = [title, ...(message === "" ? [] : [message]), ...fields.map(([name, value]) => `${name}: ${value}`)];
  return { id, facts, title, message, fields, text: lines.join("\n") };
}

export function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The payload as a text of JSON; undefined when there is none. Throws a TaskFailure when it is no JSON. */
export function payloadText(given: Json | undefined): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== "string") return JSON.stringify(given);
  try {
    JSON.parse(given);
    return given;
  } catch (error) {
    throw new TaskFailure(
      `\`payload\` is no JSON: ${error instanceof Error ? error.message : error}. Quote values with special characters by \`| json\`.`,
    );
  }
}

type SendProps = { options?: z.output<typeof HttpOptions> | undefined };

/** Sends it, and gives the answer. */
export async function send(sending: Sending, props: SendProps, ctx: EdgeContext) {
  const { url: uri, headers = {}, body, contentType = "application/json" } = sending;
  const given = { uri, method: "POST", headers, body, contentType, allowFailed: true, options: props.options } as const;
  const call = await httpCall(given, ctx);
  const isLimited = props.options?.timeout !== undefined || props.options?.readTimeout !== undefined;
  const answer = await ctx.http(isLimited ? call : { ...call, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
    if (!(error instanceof TaskFailure)) throw error;
    throw new TaskFailure(error.message.replaceAll(call.url, hostOf(call.url)));
  });
  const text = decodeText(answer.body);
  if (answer.status >= 400) {
    const detail = text.trim() === "" ? "" : `: ${text.trim().slice(0, DETAIL_CHARACTERS)}`;
    throw new TaskFailure(`The service refused the message with status ${answer.status}${detail}`);
  }
  return { ...answer, text };
}

/** [N3] */
function hostOf(address: string): string {
  return /^\w+:\/\/[^/?#]*/.exec(address)?.[0].replace(/\/\/.*@/, "//") ?? "the service";
}

/** What two tasks of one service say of themselves. */
export type Service<Alert, Execution> = {
  /** `Slack`. */
  name: string;
  /** Below `io.kestra.plugin.`: where its types stand now, and where they stood. */
  package: string;
  old: string;
  alert: {
    type: string;
    input: z.ZodObject;
    sending(props: Alert, ctx: EdgeContext): Sending | Promise<Sending>;
    description: string;
    example: string;
  };
  execution: {
    type: string;
    input: z.ZodObject;
    sending(props: Execution, told: Told, ctx: EdgeContext): Sending | Promise<Sending>;
    example: string;
  };
};

/** The two tasks of a service. */
export function notifyTasks<Alert extends SendProps, Execution extends SendProps & ExecutionProps>({
  name,
  package: folder,
  old,
  alert,
  execution,
}: Service<Alert, Execution>): readonly EdgeTask[] {
  const common = { where: "edge" as const, output: z.object({}) };
  const names = (type: string) => ({
    type: `io.kestra.plugin.${folder}.${type}`,
    aliases: folder === old ? [] : [`io.kestra.plugin.${old}.${type}`],
  });
  const alertTask: EdgeTask<Alert> = {
    ...common,
    ...names(alert.type),
    title: `Send a message to ${name}`,
    description: alert.description,
    input: alert.input,
    examples: [exampleOf(`A message to ${name}`, `${folder}.${alert.type}`, alert.example)],
    async run(props, ctx) {
      await send(await alert.sending(props, ctx), props, ctx);
      return {};
    },
  };
  const executionTask: EdgeTask<Execution> = {
    ...common,
    ...names(execution.type),
    title: `Tell ${name} of an execution`,
    description: `Sends to ${name} which execution it is, its state, when it started, how long it took, the task that failed, and what \`customFields\` and \`customMessage\` say. \`payload\` replaces all of it.`,
    input: execution.input,
    examples: [failureExample(`Tell ${name} of a failure`, `${folder}.${execution.type}`, execution.example)],
    async run(props, ctx) {
      await send(await execution.sending(props, await tellOf(props, ctx), ctx), props, ctx);
      return {};
    },
  };
  return [alertTask, executionTask] as unknown as readonly EdgeTask[];
}

function indented(yaml: string): string {
  return yaml
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}\n`)
    .join("");
}

const idOf = (type: string) => type.replaceAll(".", "_").toLowerCase();

function exampleOf(title: string, type: string, properties: string): Example {
  return {
    title,
    yaml: `id: ${idOf(type)}
namespace: company.team
tasks:
  - id: tell
    type: io.kestra.plugin.${type}
${indented(properties)}`,
  };
}

function failureExample(title: string, type: string, properties: string): Example {
  return {
    title,
    yaml: `id: ${idOf(type)}
namespace: company.team
tasks:
  - id: work
    type: io.kestra.plugin.core.execution.Fail
errors:
  - id: tell
    type: io.kestra.plugin.${type}
${indented(properties)}`,
  };
}
