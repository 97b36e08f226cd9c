import { beforeEach, describe, expect, test } from "vitest";
import { encodeUtf8 } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import { TaskFailure } from "./define.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const HOOK = "https://hooks.example.com/services/secret-path";
let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
  const facts = { namespace: "company.team", flowId: "flow", startedAt: ctx.now - 90_000, endedAt: undefined } as const;
  ctx.others.set(ctx.executionId, { ...facts, state: "FAILED", failedTaskId: "load" });
  ctx.others.set("other", { ...facts, flowId: "other", state: "WARNING", endedAt: ctx.now });
});

async function sent(name: string, properties: JsonObject) {
  await runTask(registry.task(`io.kestra.plugin.notifications.${name}`)!, properties, ctx);
  const { url, headers, body, method } = ctx.calls.at(-1)!;
  return { url, headers, method, text: String(body), json: parsed(String(body)) };
}
function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const WEBHOOKS = [
  "slack.SlackIncomingWebhook",
  "discord.DiscordIncomingWebhook",
  "teams.TeamsIncomingWebhook",
  "google.GoogleChatIncomingWebhook",
  "zulip.ZulipIncomingWebhook",
];
const ALERTS = ["pagerduty.PagerDutyAlert", "opsgenie.OpsgenieAlert", "zenduty.ZendutyAlert"];
const EXECUTIONS = [
  "slack.SlackExecution",
  "discord.DiscordExecution",
  "teams.TeamsExecution",
  "google.GoogleChatExecution",
  "zulip.ZulipExecution",
  "pagerduty.PagerDutyExecution",
  "opsgenie.OpsgenieExecution",
  "zenduty.ZendutyExecution",
];

describe.each([...WEBHOOKS, ...ALERTS])("%s", (name) => {
  test("[N1] sends its payload as it is, a map as JSON", async () => {
    const payload = '{ "text": "{{ 1 + 1 }}" }';
    const { headers, ...call } = await sent(name, { url: HOOK, payload });
    expect(call).toMatchObject({ url: HOOK, method: "POST", text: '{ "text": "2" }' });
    expect(headers["content-type"]).toBe("application/json");
    expect((await sent(name, { url: HOOK, payload: { a: "{{ 'x' }}", b: [1] } })).json).toEqual({ a: "x", b: [1] });
  });

  test("refuses a payload that is no JSON, and to send nothing", async () => {
    await expect(sent(name, { url: HOOK, payload: '{"text": "a "quote" in it"}' })).rejects.toThrow(
      "`payload` is no JSON",
    );
    await expect(sent(name, { url: HOOK })).rejects.toThrow("nothing to send");
  });

  test("[N2][N3] fails when the service refuses it, and keeps the address to itself", async () => {
    ctx.answer = { url: HOOK, status: 404, headers: {}, body: encodeUtf8("no_team\n") };
    await expect(sent(name, { url: HOOK, payload: "{}" })).rejects.toThrow(
      "refused the message with status 404: no_team",
    );
    ctx.http = async (call) => {
      throw new TaskFailure(`POST ${call.url} had no answer within 30 ms.`);
    };
    await expect(sent(name, { url: HOOK, payload: "{}" })).rejects.toThrow(
      "POST https://hooks.example.com had no answer",
    );
  });
});

test.each(WEBHOOKS)("%s may send a message alone", async (name) => {
  const { json } = await sent(name, { url: HOOK, messageText: 'say "hi"' });
  expect(Object.values(json)).toContain('say "hi"');
});

describe.each(EXECUTIONS)("%s", (name) => {
  test("tells of this execution, or of another, and what else is to be told", async () => {
    const { text } = await sent(name, { url: HOOK, customMessage: "look at it", customFields: { Team: "blue", n: 1 } });
    for (const part of ["company.team", "FAILED", "load", "blue", ctx.executionId]) expect(text).toContain(part);
    const other = await sent(name, { url: HOOK, executionId: "other" });
    expect(other.text).toContain("company.team.other is WARNING");
    expect(other.text).not.toContain("Failed task");
    await expect(sent(name, { url: HOOK, executionId: "none" })).rejects.toThrow("Unable to find execution 'none'");
  });

  test("[N1] sends its payload instead", async () => {
    expect((await sent(name, { url: HOOK, payload: { own: true } })).json).toEqual({ own: true });
  });
});

describe("a service's own properties", () => {
  const execution = async (name: string, more: JsonObject) => (await sent(name, { url: HOOK, ...more })).json;

  test("of Slack", async () => {
    expect(await execution("slack.SlackExecution", { channel: "#a", username: "me", iconEmoji: ":x:" })).toMatchObject({
      channel: "#a",
      username: "me",
      icon_emoji: ":x:",
      text: "company.team.flow is FAILED",
      attachments: [
        { color: "#e01e5a", fields: expect.arrayContaining([{ title: "State", value: "FAILED", short: true }]) },
      ],
    });
  });

  test("of Discord and Teams", async () => {
    const embeds = [{ title: "own" }];
    expect(await execution("discord.DiscordExecution", { embedList: embeds, content: "c" })).toMatchObject({
      content: "c",
      embeds,
    });
    expect(await execution("teams.TeamsExecution", { activityTitle: "t" })).toMatchObject({
      "@type": "MessageCard",
      themeColor: "0076D7",
      sections: [{ activityTitle: "t", facts: expect.arrayContaining([{ name: "Flow", value: "flow" }]) }],
    });
  });

  test("of those that wake somebody", async () => {
    expect(await execution("pagerduty.PagerDutyExecution", { routingKey: "r" })).toMatchObject({
      routing_key: "r",
      dedup_key: ctx.executionId,
      event_action: "trigger",
      payload: { summary: "company.team.flow is FAILED", severity: "error", custom_details: { "Failed task": "load" } },
    });
    const opsgenie = await sent("opsgenie.OpsgenieExecution", {
      url: HOOK,
      authorizationToken: "key",
      responders: { abc: "team" },
      priority: "P1",
    });
    expect(opsgenie.headers.authorization).toBe("GenieKey key");
    expect(opsgenie.json).toMatchObject({ responders: [{ id: "abc", type: "team" }], priority: "P1" });
    expect(await execution("zenduty.ZendutyExecution", { urls: ["https://a"], executionId: "other" })).toMatchObject({
      alert_type: "warning",
      urls: [{ link_url: "https://a" }],
    });
  });

  test("of Telegram", async () => {
    const bot = { token: "t", channel: "c" };
    const { url, json } = await sent("telegram.TelegramExecution", bot);
    expect(url).toBe("https://api.telegram.org/bott/sendMessage");
    expect(json).toMatchObject({ chat_id: "c", text: expect.stringContaining("is FAILED") });
    const other = await sent("telegram.TelegramSend", {
      ...bot,
      messageText: "m",
      endpointOverride: "https://x.example.com/",
    });
    expect([other.url, other.json.text]).toEqual(["https://x.example.com/bott/sendMessage", "m"]);
  });

  test("of Sentry", async () => {
    const dsn = "https://key@o1.ingest.sentry.io/2";
    const { url, headers, text } = await sent("sentry.SentryExecution", { dsn, level: "FATAL" });
    expect(url).toBe("https://o1.ingest.sentry.io/api/2/envelope/");
    expect(headers["x-sentry-auth"]).toContain("sentry_key=key");
    const [head, item, event] = text.split("\n").map((line) => parsed(line));
    expect([item.type, event.level, event.event_id]).toEqual(["event", "fatal", head.event_id]);
    expect(head.event_id).toMatch(/^[0-9a-f]{32}$/);
    const stored = await sent("sentry.SentryAlert", { dsn, endpointType: "STORE", payload: { message: "m" } });
    expect([stored.url, stored.json]).toEqual(["https://o1.ingest.sentry.io/api/2/store/", { message: "m" }]);
    await expect(sent("sentry.SentryAlert", { dsn: "https://sentry.io", payload: {} })).rejects.toThrow(
      "`dsn` must be a DSN",
    );
  });

  test("of Twilio, as a form", async () => {
    const account = { url: HOOK, accountSID: "sid", authToken: "t" };
    const { headers, text } = await sent("twilio.TwilioAlert", { ...account, payload: { Body: "a b", To: "+1" } });
    expect(text).toBe("Body=a%20b&To=%2B1");
    expect(headers).toMatchObject({
      authorization: "Basic c2lkOnQ=",
      "content-type": "application/x-www-form-urlencoded",
    });
    expect((await sent("twilio.TwilioExecution", { ...account, identity: "1" })).text).toMatch(
      /^body=company.*&identity=1$/,
    );
    await expect(sent("twilio.TwilioAlert", { ...account, payload: "[1]" })).rejects.toThrow("must be a map");
  });
});

describe("mail by SendGrid", () => {
  const mail = { sendgridApiKey: "k", from: "Me <me@example.com>", to: "a@example.com, b@example.com" };
  const send = (more: JsonObject, name = "SendGridMailSend") => sent(`sendgrid.${name}`, { ...mail, ...more });

  test("carries text, HTML and files", async () => {
    ctx.stored.set("kestra:///a", encodeUtf8("abc"));
    const file = { uri: "kestra:///a", name: "a.txt" };
    const { url, headers, json } = await send({
      textContent: "t",
      htmlContent: "<b>",
      cc: ["c@example.com"],
      attachments: [file],
      embeddedImages: [{ ...file, name: "i", contentType: "image/png" }],
    });
    expect([url, headers.authorization]).toEqual(["https://api.sendgrid.com/v3/mail/send", "Bearer k"]);
    expect(json).toEqual({
      personalizations: [
        { to: [{ email: "a@example.com" }, { email: "b@example.com" }], cc: [{ email: "c@example.com" }] },
      ],
      from: { email: "me@example.com", name: "Me" },
      subject: "",
      content: [
        { type: "text/plain", value: "t" },
        { type: "text/html", value: "<b>" },
      ],
      attachments: [
        { content: "YWJj", filename: "a.txt", type: "application/octet-stream", disposition: "attachment" },
        { content: "YWJj", filename: "i", type: "image/png", disposition: "inline", content_id: "i" },
      ],
    });
  });

  test("tells of an execution", async () => {
    const { json } = await send({ customFields: { "<x>": "&" } }, "SendGridMailExecution");
    expect(json.subject).toBe("company.team.flow is FAILED");
    expect(json.content[1].value).toContain("<td>&lt;x&gt;</td><td>&amp;</td>");
    expect((await send({ textContent: "own" }, "SendGridMailExecution")).json.content).toEqual([
      { type: "text/plain", value: "own" },
    ]);
  });

  test.each<[JsonObject, string]>([
    [{}, "The mail is empty"],
    [{ textContent: "t", to: [] }, "`to` names nobody"],
    [{ textContent: "t", cc: "nobody" }, "`cc` has 'nobody', which is no mail address"],
    [{ textContent: "t", attachments: [{ uri: "a.txt", name: "a" }] }, "must be the URI of a file"],
  ])("refuses %o", async (more, message) => {
    await expect(send(more)).rejects.toThrow(message);
  });
});

test("services are known by the names that they have now, too", () => {
  for (const name of [
    "slack.SlackIncomingWebhook",
    "teams.TeamsExecution",
    "pagerduty.PagerDutyAlert",
    "sendgrid.SendGridMailSend",
  ])
    expect(registry.task(`io.kestra.plugin.${name}`)).toBe(registry.task(`io.kestra.plugin.notifications.${name}`));
});
