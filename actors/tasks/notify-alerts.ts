import * as z from "zod";
import { base64 } from "#schema/bytes.ts";
import { sha256Hex } from "#schema/hash.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { isoInstant } from "#schema/time.ts";
import { type EdgeContext, TaskFailure } from "./define.ts";
import {
  asText,
  executionInput,
  notifyTasks,
  payloadText,
  type Sending,
  sendInput,
  type Told,
  webhookInput,
} from "./notify-common.ts";
import { anyMap, dynamic } from "./property.ts";

// Services that wake somebody: PagerDuty, Opsgenie, Zenduty, Sentry, Twilio.

const text = (description: string) => dynamic(z.string()).describe(description).optional();
const url = (name: string) => `url: "{{ secret('${name}') }}"`;

const alertInput = z.object(webhookInput);
type AlertProps = z.output<typeof alertInput>;

function needed(body: string | undefined): string {
  if (body === undefined) throw new TaskFailure("There is nothing to send: set `payload`.");
  return body;
}

const sendPayload = (props: AlertProps): Sending => ({ url: props.url, body: needed(payloadText(props.payload)) });

const without = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));

const details = ({ fields }: Told): JsonObject => Object.fromEntries(fields.map(([name, value]) => [name, value]));

const pagerInput = z.object({
  ...webhookInput,
  ...executionInput,
  routingKey: text("Integration key of the service"),
  deduplicationKey: text("Alerts with the same key are one; the execution's id when left out"),
  eventAction: dynamic(z.enum(["trigger", "acknowledge", "resolve"]))
    .default("trigger")
    .describe("What becomes of the alert"),
  payloadSummary: text("One line about the alert"),
});
type PagerProps = z.output<typeof pagerInput>;

const pagerDuty = notifyTasks<AlertProps, PagerProps>({
  name: "PagerDuty",
  package: "pagerduty",
  old: "notifications.pagerduty",
  alert: {
    type: "PagerDutyAlert",
    input: alertInput,
    sending: sendPayload,
    description: "Sends `payload` to the events API of PagerDuty, https://events.pagerduty.com/v2/enqueue.",
    example: `url: https://events.pagerduty.com/v2/enqueue
payload:
  routing_key: "{{ secret('PAGERDUTY_KEY') }}"
  event_action: trigger
  payload:
    summary: "{{ flow.id }} failed"
    severity: error
    source: windhover`,
  },
  execution: {
    type: "PagerDutyExecution",
    input: pagerInput,
    sending(props, told) {
      const event = without({
        routing_key: props.routingKey,
        dedup_key: props.deduplicationKey ?? told.id,
        event_action: props.eventAction,
        payload: {
          summary: props.payloadSummary ?? (told.message === "" ? told.title : `${told.title}: ${told.message}`),
          source: `${told.facts.namespace}.${told.facts.flowId}`,
          severity: told.facts.state === "WARNING" ? "warning" : "error",
          custom_details: details(told),
        },
      });
      return { url: props.url, body: payloadText(props.payload) ?? JSON.stringify(event) };
    },
    example: `url: https://events.pagerduty.com/v2/enqueue\nroutingKey: "{{ secret('PAGERDUTY_KEY') }}"`,
  },
});

const opsgenieToken = text("API key; a scheme such as `GenieKey` is put before it when there is none");
const opsgenieAlertInput = z.object({ ...webhookInput, authorizationToken: opsgenieToken });
type OpsgenieAlertProps = z.output<typeof opsgenieAlertInput>;
const opsgenieInput = z.object({
  ...webhookInput,
  ...executionInput,
  authorizationToken: opsgenieToken,
  message: text("One line about the alert"),
  alias: text("Alerts of the same alias are one; the execution's id when left out"),
  responders: dynamic(anyMap()).describe("Who is to do something: ids, each with its type, such as `team`").optional(),
  visibleTo: dynamic(anyMap()).describe("Who may see it: ids, each with its type").optional(),
  tags: dynamic(z.array(z.string())).describe("Tags of the alert").optional(),
  priority: text("`P1` to `P5`"),
});
type OpsgenieProps = z.output<typeof opsgenieInput>;

const opsgenieHeaders = ({
  authorizationToken: token,
}: {
  authorizationToken?: string | undefined;
}): Record<string, string> =>
  token === undefined ? {} : { authorization: token.includes(" ") ? token : `GenieKey ${token}` };
const idsOf = (ids: JsonObject | undefined) =>
  ids && Object.entries(ids).map(([id, type]) => ({ id, type: asText(type) }));
const opsgenieExample = `url: https://api.opsgenie.com/v2/alerts\nauthorizationToken: "{{ secret('OPSGENIE_KEY') }}"`;

const opsgenie = notifyTasks<OpsgenieAlertProps, OpsgenieProps>({
  name: "Opsgenie",
  package: "opsgenie",
  old: "notifications.opsgenie",
  alert: {
    type: "OpsgenieAlert",
    input: opsgenieAlertInput,
    sending: (props) => ({ ...sendPayload(props), headers: opsgenieHeaders(props) }),
    description: "Sends `payload` to the alerts API of Opsgenie, https://api.opsgenie.com/v2/alerts.",
    example: `${opsgenieExample}\npayload:\n  message: "{{ flow.id }} failed"`,
  },
  execution: {
    type: "OpsgenieExecution",
    input: opsgenieInput,
    sending(props, told) {
      const alert = without({
        message: props.message ?? told.title,
        alias: props.alias ?? told.id,
        description: told.text,
        responders: idsOf(props.responders),
        visibleTo: idsOf(props.visibleTo),
        tags: props.tags,
        priority: props.priority,
        details: details(told),
      });
      return {
        url: props.url,
        headers: opsgenieHeaders(props),
        body: payloadText(props.payload) ?? JSON.stringify(alert),
      };
    },
    example: opsgenieExample,
  },
});

const zendutyInput = z.object({
  ...webhookInput,
  ...executionInput,
  message: text("One line about the alert"),
  summary: text("What it is about"),
  alertType: dynamic(z.enum(["critical", "acknowledged", "resolved", "error", "warning", "info"]))
    .describe("Kind of the alert")
    .optional(),
  entityId: text("Alerts of the same entity are one; the execution's id when left out"),
  urls: dynamic(z.array(z.string())).describe("Addresses to look at").optional(),
});
type ZendutyProps = z.output<typeof zendutyInput>;

const zenduty = notifyTasks<AlertProps, ZendutyProps>({
  name: "Zenduty",
  package: "zenduty",
  old: "notifications.zenduty",
  alert: {
    type: "ZendutyAlert",
    input: alertInput,
    sending: sendPayload,
    description: "Sends `payload` to the events API of Zenduty.",
    example: `${url("ZENDUTY_URL")}\npayload:\n  message: "{{ flow.id }} failed"\n  alert_type: error`,
  },
  execution: {
    type: "ZendutyExecution",
    input: zendutyInput,
    sending(props, told) {
      const event = without({
        message: props.message ?? told.title,
        summary: props.summary ?? told.text,
        alert_type: props.alertType ?? (told.facts.state === "WARNING" ? "warning" : "error"),
        entity_id: props.entityId ?? told.id,
        urls: props.urls?.map((link) => ({ link_url: link })),
        payload: details(told),
      });
      return { url: props.url, body: payloadText(props.payload) ?? JSON.stringify(event) };
    },
    example: url("ZENDUTY_URL"),
  },
});

const sentryBase = {
  ...sendInput,
  dsn: dynamic(z.string()).describe("DSN of the project, such as https://key@o1.ingest.sentry.io/2"),
  endpointType: dynamic(z.enum(["ENVELOPE", "STORE"]))
    .default("ENVELOPE")
    .describe("Which endpoint of Sentry takes it"),
};
const sentryAlertInput = z.object(sentryBase);
type SentryAlertProps = z.output<typeof sentryAlertInput>;
const sentryInput = z.object({
  ...sentryBase,
  ...executionInput,
  eventId: text("32 hexadecimal digits; made from the execution's id when left out"),
  platform: dynamic(z.string()).default("other").describe("Platform of the event"),
  level: dynamic(z.enum(["FATAL", "ERROR", "WARNING", "INFO", "DEBUG"]))
    .default("ERROR")
    .describe("Level of the event"),
  transaction: text("What was under way; the flow when left out"),
  serverName: text("Where it happened"),
  extra: dynamic(anyMap()).describe("More to tell").optional(),
  errors: dynamic(anyMap()).describe("Errors to tell of").optional(),
});
type SentryProps = z.output<typeof sentryInput>;

/** The event as its endpoint takes it. */
function sentrySending(
  { dsn, endpointType }: SentryAlertProps,
  event: string,
  eventId: string,
  ctx: EdgeContext,
): Sending {
  const [, scheme, key, host, folders = "", project] =
    /^(https?):\/\/([^:@/]+)(?::[^@/]*)?@([^/]+)((?:\/[^/]+)*)\/(\w+)\/?$/.exec(dsn.trim()) ?? [];
  if (host === undefined)
    throw new TaskFailure("`dsn` must be a DSN of Sentry, such as https://key@o1.ingest.sentry.io/2.");
  const base = `${scheme}://${host}${folders}/api/${project}`;
  const headers = { "x-sentry-auth": `Sentry sentry_version=7, sentry_client=windhover/1, sentry_key=${key}` };
  if (endpointType === "STORE") return { url: `${base}/store/`, headers, body: event };
  const head = JSON.stringify({ event_id: eventId, sent_at: isoInstant(ctx.now) });
  const body = `${head}\n${JSON.stringify({ type: "event" })}\n${JSON.stringify(JSON.parse(event))}\n`;
  return { url: `${base}/envelope/`, headers, body, contentType: "application/x-sentry-envelope" };
}

const freshId = (of: string) => sha256Hex(of).slice(0, 32);
const sentryExample = `dsn: "{{ secret('SENTRY_DSN') }}"`;

const sentry = notifyTasks<SentryAlertProps, SentryProps>({
  name: "Sentry",
  package: "sentry",
  old: "notifications.sentry",
  alert: {
    type: "SentryAlert",
    input: sentryAlertInput,
    sending(props, ctx) {
      const event = needed(payloadText(props.payload));
      return sentrySending(props, event, freshId(`${ctx.executionId}/${ctx.now}`), ctx);
    },
    description: "Sends `payload` to Sentry as an event.",
    example: `${sentryExample}\npayload:\n  level: error\n  message: "{{ flow.id }} failed"`,
  },
  execution: {
    type: "SentryExecution",
    input: sentryInput,
    sending(props, told, ctx) {
      const eventId = props.eventId ?? freshId(told.id);
      const event = without({
        event_id: eventId,
        timestamp: isoInstant(ctx.now),
        platform: props.platform,
        level: props.level.toLowerCase(),
        transaction: props.transaction ?? `${told.facts.namespace}.${told.facts.flowId}`,
        server_name: props.serverName,
        message: { formatted: told.text },
        extra: { ...details(told), ...props.extra },
        errors: props.errors,
      });
      return sentrySending(props, payloadText(props.payload) ?? JSON.stringify(event), eventId, ctx);
    },
    example: sentryExample,
  },
});

const twilioBase = {
  ...webhookInput,
  accountSID: dynamic(z.string()).describe("SID of the account"),
  authToken: dynamic(z.string()).describe("Token of the account"),
};
const twilioAlertInput = z.object(twilioBase);
type TwilioAlertProps = z.output<typeof twilioAlertInput>;
const twilioInput = z.object({
  ...twilioBase,
  ...executionInput,
  body: text("Text of the message, in place of ours"),
  identity: text("Who is told"),
  tag: text("Which group is told"),
});
type TwilioProps = z.output<typeof twilioInput>;

/** Twilio takes forms: the entries of the payload are its fields. */
function twilioSending({ url: address, accountSID, authToken }: TwilioAlertProps, body: string): Sending {
  const fields: Json = JSON.parse(body);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw new TaskFailure("`payload` must be a map of the fields that Twilio takes, such as Body and To.");
  const form = Object.entries(fields).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(asText(value))}`,
  );
  return {
    url: address,
    headers: { authorization: `Basic ${base64(`${accountSID}:${authToken}`)}` },
    body: form.join("&"),
    contentType: "application/x-www-form-urlencoded",
  };
}
const twilioExample = `${url("TWILIO_URL")}\naccountSID: "{{ secret('TWILIO_SID') }}"\nauthToken: "{{ secret('TWILIO_TOKEN') }}"`;

const twilio = notifyTasks<TwilioAlertProps, TwilioProps>({
  name: "Twilio",
  package: "twilio",
  old: "notifications.twilio",
  alert: {
    type: "TwilioAlert",
    input: twilioAlertInput,
    sending: (props) => twilioSending(props, needed(payloadText(props.payload))),
    description: "Sends the entries of `payload` to Twilio as a form.",
    example: `${twilioExample}\npayload:\n  identity: "0001"\n  body: "{{ flow.id }} failed"`,
  },
  execution: {
    type: "TwilioExecution",
    input: twilioInput,
    sending(props, told) {
      const fields = without({ body: props.body ?? told.text, identity: props.identity, tag: props.tag });
      return twilioSending(props, payloadText(props.payload) ?? JSON.stringify(fields));
    },
    example: `${twilioExample}\nidentity: "0001"`,
  },
});

export const ALERT_TASKS = [...pagerDuty, ...opsgenie, ...zenduty, ...sentry, ...twilio];
