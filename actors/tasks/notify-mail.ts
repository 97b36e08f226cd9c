import * as z from "zod";
import { base64Bytes } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { executionInput, type Sending, send, type Told, tellOf } from "./notify-common.ts";
import { dynamic, stringOrList } from "./property.ts";
import { storedUri } from "./stored-file.ts";

// Mail by an HTTP service: SendGrid.

const MAIL_URL = "https://api.sendgrid.com/v3/mail/send";
/** What SendGrid takes in all, in bytes of files. */
const MAX_ATTACHED_BYTES = 20_000_000;

const Attachment = z.strictObject({
  uri: z.string().describe("URI of the stored file"),
  name: z.string().describe("Name it has in the mail"),
  contentType: z.string().default("application/octet-stream").describe("Its type, such as image/png"),
});
const attachments = (description: string) => dynamic(z.array(Attachment)).describe(description).optional();

const mailInput = {
  sendgridApiKey: dynamic(z.string()).describe("API key of SendGrid"),
  from: dynamic(z.string()).describe("Address it is from, such as `me@example.com` or `Me <me@example.com>`"),
  to: dynamic(stringOrList()).describe("Addresses it goes to"),
  cc: dynamic(stringOrList()).describe("Addresses that get a copy").optional(),
  subject: dynamic(z.string()).describe("Subject").optional(),
  htmlContent: dynamic(z.string()).describe("The mail as HTML").optional(),
  textContent: dynamic(z.string()).describe("The mail as text").optional(),
  attachments: attachments("Files to attach"),
  embeddedImages: attachments("Images that the HTML shows, as `cid:` and their name"),
};
const sendInput = z.object(mailInput);
type SendProps = z.output<typeof sendInput>;
const tellInput = z.object({ ...mailInput, ...executionInput });
type TellProps = z.output<typeof tellInput>;

const output = z.object({
  body: z.string().describe("What SendGrid answered"),
  headers: z.record(z.string(), z.string()).describe("Headers of its answer"),
  statusCode: z.int().describe("Status of its answer"),
});

export const sendGridMailSend: EdgeTask<SendProps> = {
  type: "io.kestra.plugin.sendgrid.SendGridMailSend",
  aliases: ["io.kestra.plugin.notifications.sendgrid.SendGridMailSend"],
  title: "Send a mail by SendGrid",
  description: "Sends a mail by the API of SendGrid.",
  where: "edge",
  input: sendInput,
  output,
  examples: [
    {
      title: "A report as an attachment",
      yaml: `id: send_report
namespace: company.team
inputs:
  - id: report
    type: FILE
tasks:
  - id: mail
    type: io.kestra.plugin.sendgrid.SendGridMailSend
    sendgridApiKey: "{{ secret('SENDGRID_KEY') }}"
    from: reports@example.com
    to: [team@example.com]
    subject: The report
    textContent: See the attachment.
    attachments:
      - name: report.csv
        uri: "{{ inputs.report }}"
        contentType: text/csv
`,
    },
  ],
  run: (props, ctx) => sendMail(props, ctx),
};

export const sendGridMailExecution: EdgeTask<TellProps> = {
  type: "io.kestra.plugin.sendgrid.SendGridMailExecution",
  aliases: ["io.kestra.plugin.notifications.sendgrid.SendGridMailExecution"],
  title: "Tell of an execution by SendGrid",
  description:
    "Sends a mail by the API of SendGrid that says which execution it is, its state, when it started, how long it took and which task failed. `htmlContent` or `textContent` replace that.",
  where: "edge",
  input: tellInput,
  output,
  examples: [
    {
      title: "Tell of a failure",
      yaml: `id: mail_failure
namespace: company.team
tasks:
  - id: work
    type: io.kestra.plugin.core.execution.Fail
errors:
  - id: mail
    type: io.kestra.plugin.sendgrid.SendGridMailExecution
    sendgridApiKey: "{{ secret('SENDGRID_KEY') }}"
    from: alerts@example.com
    to: team@example.com
`,
    },
  ],
  async run(props, ctx) {
    const told = await tellOf(props, ctx);
    const isOwn = props.htmlContent !== undefined || props.textContent !== undefined;
    const contents = isOwn ? {} : contentsOf(told);
    return sendMail({ ...props, ...contents, subject: props.subject ?? told.title }, ctx);
  },
};

function contentsOf({ text, title, message, fields }: Told): { textContent: string; htmlContent: string } {
  const rows = fields.map(([name, value]) => `<tr><td>${escaped(name)}</td><td>${escaped(value)}</td></tr>`);
  const html = `<p><b>${escaped(title)}</b></p><p>${escaped(message)}</p><table>${rows.join("")}</table>`;
  return { textContent: text, htmlContent: html };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

async function sendMail(props: SendProps, ctx: EdgeContext) {
  const content = [
    ...(props.textContent === undefined ? [] : [{ type: "text/plain", value: props.textContent }]),
    ...(props.htmlContent === undefined ? [] : [{ type: "text/html", value: props.htmlContent }]),
  ];
  if (content.length === 0) throw new TaskFailure("The mail is empty: set `textContent` or `htmlContent`.");
  const to = addresses(props.to, "to");
  if (to.length === 0) throw new TaskFailure("`to` names nobody.");
  const cc = addresses(props.cc ?? [], "cc");
  const files = await attached(props, ctx);
  const mail: JsonObject = {
    personalizations: [cc.length === 0 ? { to } : { to, cc }],
    from: addressOf(props.from, "from"),
    subject: props.subject ?? "",
    content,
    ...(files.length === 0 ? {} : { attachments: files }),
  };
  const headers = { authorization: `Bearer ${props.sendgridApiKey}` };
  const sending: Sending = { url: MAIL_URL, headers, body: JSON.stringify(mail) };
  const answer = await send(sending, {}, ctx);
  const answered = Object.entries(answer.headers).map(([name, values]) => [name, values.join(", ")]);
  return { outputs: { body: answer.text, headers: Object.fromEntries(answered), statusCode: answer.status } };
}

/** Addresses of a list, or of a text with commas between them. */
function addresses(given: string | readonly string[], property: string): JsonObject[] {
  const list = typeof given === "string" ? given.split(",") : given;
  return list.filter((text) => text.trim() !== "").map((text) => addressOf(text, property));
}

function addressOf(text: string, property: string): JsonObject {
  const [, name = "", inBrackets] = /^\s*(.*?)\s*<([^<>]+)>\s*$/.exec(text) ?? [];
  const email = (inBrackets ?? text).trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(email))
    throw new TaskFailure(`\`${property}\` has '${text.slice(0, 100)}', which is no mail address.`);
  return name === "" ? { email } : { email, name: name.replaceAll('"', "") };
}

async function attached(
  { attachments: files = [], embeddedImages = [] }: SendProps,
  ctx: EdgeContext,
): Promise<Json[]> {
  const parts: Json[] = [];
  let bytes = 0;
  for (const [index, { uri, name, contentType }] of [...files, ...embeddedImages].entries()) {
    const content = await ctx.files.get(storedUri(uri, "attachments"));
    bytes += content.length;
    if (bytes > MAX_ATTACHED_BYTES)
      throw new TaskFailure(
        `The files have more than ${MAX_ATTACHED_BYTES} bytes together, more than a mail may carry.`,
      );
    const isEmbedded = index >= files.length;
    parts.push({
      content: base64Bytes(content),
      filename: name,
      type: contentType,
      disposition: isEmbedded ? "inline" : "attachment",
      ...(isEmbedded ? { content_id: name } : {}),
    });
  }
  return parts;
}
