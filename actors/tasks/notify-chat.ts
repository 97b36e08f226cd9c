import * as z from "zod";
import type { Json, JsonObject } from "#schema/json.ts";
import { TaskFailure } from "./define.ts";
import { executionInput, notifyTasks, payloadText, sendInput, type Told, webhookInput } from "./notify-common.ts";
import { anyMap, dynamic } from "./property.ts";

// Services where people talk: Slack, Discord, Teams, Google Chat, Zulip, Telegram.

const text = (description: string) => dynamic(z.string()).describe(description).optional();

const messageText = text("The message, when there is no `payload`");
const alertInput = z.object({ ...webhookInput, messageText });
type AlertProps = z.output<typeof alertInput>;

/** Sends the payload, or `messageText` as `make` puts it. */
const alertOf = (make: (message: string) => JsonObject) => (props: AlertProps) => {
  const body =
    payloadText(props.payload) ??
    (props.messageText === undefined ? undefined : JSON.stringify(make(props.messageText)));
  if (body === undefined) throw new TaskFailure("There is nothing to send: set `payload` or `messageText`.");
  return { url: props.url, body };
};

const alertText = (service: string, example: string) =>
  `Sends \`payload\` to an incoming webhook of ${service}, such as \`${example}\`, or \`messageText\` alone.`;

const without = (fields: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, Json] => entry[1] !== undefined));

const COLORS: Readonly<Record<string, string>> = { SUCCESS: "#2eb67d", WARNING: "#ecb22e", FAILED: "#e01e5a" };
const colorOf = ({ facts }: Told) => COLORS[facts.state] ?? "#808080";
const fieldList = ({ fields }: Told) => fields.map(([title, value]) => ({ title, value, short: value.length < 40 }));

const slackInput = z.object({
  ...webhookInput,
  ...executionInput,
  channel: text("Channel, instead of the webhook's own"),
  username: text("Name that the message is from"),
  iconUrl: text("Address of the picture beside it"),
  iconEmoji: text("Emoji in place of a picture, such as `:bell:`"),
});
type SlackProps = z.output<typeof slackInput>;

/** Slack's form of a message, which Zulip takes too. */
const slackMessage = (props: SlackProps, told: Told) => {
  const message = without({
    channel: props.channel,
    username: props.username,
    icon_url: props.iconUrl,
    icon_emoji: props.iconEmoji,
    text: told.message === "" ? told.title : `${told.title}: ${told.message}`,
    attachments: [{ color: colorOf(told), fallback: told.text, fields: fieldList(told) }],
  });
  return { url: props.url, body: payloadText(props.payload) ?? JSON.stringify(message) };
};

const url = (name: string) => `url: "{{ secret('${name}') }}"`;

const slack = notifyTasks<AlertProps, SlackProps>({
  name: "Slack",
  package: "slack",
  old: "notifications.slack",
  alert: {
    type: "SlackIncomingWebhook",
    input: alertInput,
    sending: alertOf((message) => ({ text: message })),
    description: alertText("Slack", '{"text": "Hello"}'),
    example: `${url("SLACK_WEBHOOK")}\npayload: |\n  {"text": "{{ flow.id }} is done"}`,
  },
  execution: {
    type: "SlackExecution",
    input: slackInput,
    sending: slackMessage,
    example: `${url("SLACK_WEBHOOK")}\nchannel: "#alerts"\ncustomMessage: Please look at it`,
  },
});

const zulip = notifyTasks<AlertProps, SlackProps>({
  name: "Zulip",
  package: "zulip",
  old: "notifications.zulip",
  alert: {
    type: "ZulipIncomingWebhook",
    input: alertInput,
    sending: alertOf((message) => ({ text: message })),
    description: alertText("Zulip (its Slack-compatible one)", '{"text": "Hello"}'),
    example: `${url("ZULIP_WEBHOOK")}\nmessageText: "{{ flow.id }} is done"`,
  },
  execution: {
    type: "ZulipExecution",
    input: slackInput,
    sending: slackMessage,
    example: url("ZULIP_WEBHOOK"),
  },
});

const discordInput = z.object({
  ...webhookInput,
  ...executionInput,
  username: text("Name that the message is from"),
  avatarUrl: text("Address of the picture beside it"),
  content: text("Text of the message"),
  embedList: dynamic(z.array(anyMap())).describe("Embeds of Discord, in place of ours").optional(),
});
type DiscordProps = z.output<typeof discordInput>;
/** Discord takes so many fields in an embed. */
const DISCORD_FIELDS = 25;

const discord = notifyTasks<AlertProps, DiscordProps>({
  name: "Discord",
  package: "discord",
  old: "notifications.discord",
  alert: {
    type: "DiscordIncomingWebhook",
    input: alertInput,
    sending: alertOf((message) => ({ content: message })),
    description: alertText("Discord", '{"content": "Hello"}'),
    example: `${url("DISCORD_WEBHOOK")}\nmessageText: "{{ flow.id }} is done"`,
  },
  execution: {
    type: "DiscordExecution",
    input: discordInput,
    sending(props, told) {
      const fields = told.fields
        .slice(0, DISCORD_FIELDS)
        .map(([name, value]) => ({ name, value, inline: value.length < 40 }));
      const color = Number.parseInt(colorOf(told).slice(1), 16);
      const message = without({
        username: props.username,
        avatar_url: props.avatarUrl,
        content: props.content ?? told.message,
        embeds: props.embedList ?? [{ title: told.title, color, fields }],
      });
      return { url: props.url, body: payloadText(props.payload) ?? JSON.stringify(message) };
    },
    example: url("DISCORD_WEBHOOK"),
  },
});

const teamsInput = z.object({
  ...webhookInput,
  ...executionInput,
  themeColor: dynamic(z.string()).default("0076D7").describe("Colour of the card, as hexadecimal digits"),
  activityTitle: text("Title of the card"),
  activitySubtitle: text("Line below the title"),
});
type TeamsProps = z.output<typeof teamsInput>;
const CARD = { "@type": "MessageCard", "@context": "http://schema.org/extensions" };

const teams = notifyTasks<AlertProps, TeamsProps>({
  name: "Microsoft Teams",
  package: "teams",
  old: "notifications.teams",
  alert: {
    type: "TeamsIncomingWebhook",
    input: alertInput,
    sending: alertOf((message) => ({ ...CARD, text: message })),
    description: alertText("Microsoft Teams", '{"text": "Hello"}'),
    example: `${url("TEAMS_WEBHOOK")}\nmessageText: "{{ flow.id }} is done"`,
  },
  execution: {
    type: "TeamsExecution",
    input: teamsInput,
    sending(props, told) {
      const section = without({
        activityTitle: props.activityTitle ?? told.title,
        activitySubtitle: props.activitySubtitle ?? (told.message === "" ? undefined : told.message),
        facts: told.fields.map(([name, value]) => ({ name, value })),
      });
      const card = { ...CARD, themeColor: props.themeColor, summary: told.title, sections: [section] };
      return { url: props.url, body: payloadText(props.payload) ?? JSON.stringify(card) };
    },
    example: url("TEAMS_WEBHOOK"),
  },
});

const googleInput = z.object({
  ...webhookInput,
  ...executionInput,
  text: text("Text of the message, in place of ours"),
});
type GoogleProps = z.output<typeof googleInput>;

const google = notifyTasks<AlertProps, GoogleProps>({
  name: "Google Chat",
  package: "notifications.google",
  old: "notifications.google",
  alert: {
    type: "GoogleChatIncomingWebhook",
    input: alertInput,
    sending: alertOf((message) => ({ text: message })),
    description: alertText("Google Chat", '{"text": "Hello"}'),
    example: `${url("GOOGLE_CHAT_WEBHOOK")}\nmessageText: "{{ flow.id }} is done"`,
  },
  execution: {
    type: "GoogleChatExecution",
    input: googleInput,
    sending: (props, told) => ({
      url: props.url,
      body: payloadText(props.payload) ?? JSON.stringify({ text: props.text ?? told.text }),
    }),
    example: url("GOOGLE_CHAT_WEBHOOK"),
  },
});

const telegramBase = {
  ...sendInput,
  token: dynamic(z.string()).describe("Token of the bot"),
  channel: dynamic(z.string()).describe("Id of the chat, or `@name` of a channel"),
  endpointOverride: text("Address of another server than https://api.telegram.org"),
};
const telegramAlertInput = z.object({ ...telegramBase, messageText });
const telegramInput = z.object({ ...telegramBase, ...executionInput });
type TelegramProps = z.output<typeof telegramInput>;

const telegramUrl = ({ token, endpointOverride }: { token: string; endpointOverride?: string | undefined }) =>
  `${(endpointOverride ?? "https://api.telegram.org").replace(/\/$/, "")}/bot${token}/sendMessage`;
const telegramExample = `token: "{{ secret('TELEGRAM_TOKEN') }}"\nchannel: "{{ secret('TELEGRAM_CHAT') }}"`;

const telegram = notifyTasks<z.output<typeof telegramAlertInput>, TelegramProps>({
  name: "Telegram",
  package: "telegram",
  old: "notifications.telegram",
  alert: {
    type: "TelegramSend",
    input: telegramAlertInput,
    sending(props) {
      const message = props.payload === undefined ? props.messageText : payloadMessage(props.payload);
      if (message === undefined) throw new TaskFailure("There is nothing to send: set `messageText` or `payload`.");
      return { url: telegramUrl(props), body: JSON.stringify({ chat_id: props.channel, text: message }) };
    },
    description: "Sends a message by a bot of Telegram: `messageText`, or `payload` as text.",
    example: `${telegramExample}\nmessageText: "{{ flow.id }} is done"`,
  },
  execution: {
    type: "TelegramExecution",
    input: telegramInput,
    sending(props, told) {
      const message = props.payload === undefined ? told.text : payloadMessage(props.payload);
      return { url: telegramUrl(props), body: JSON.stringify({ chat_id: props.channel, text: message }) };
    },
    example: telegramExample,
  },
});

function payloadMessage(payload: Json): string {
  return typeof payload === "string" ? payload : JSON.stringify(payload);
}

export const CHAT_TASKS = [...slack, ...discord, ...teams, ...google, ...zulip, ...telegram];
