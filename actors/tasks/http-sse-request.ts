import * as z from "zod";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { checkStatus, headersOutput, httpCall, httpInput } from "./http-common.ts";
import { dynamic } from "./property.ts";
import { type ServerEvent, SseParser } from "./sse-parser.ts";
import { checkStopped } from "./stored-file.ts";
import { decodeChunks } from "./text-chunks.ts";

/** Most characters of events that become outputs. */
const MAX_CHARACTERS = 4_000_000;
const DETAIL_CHARACTERS = 500;

const input = z.object({
  ...httpInput,
  maxEvents: dynamic(z.int().min(1)).describe("Ends after so many events; left out, when the server ends").optional(),
  eventNames: dynamic(z.array(z.string()))
    .describe("Only events of these names; `message` is one without a name")
    .optional(),
});
type Props = z.output<typeof input>;

const Event = z.object({
  event: z.string().describe("Name of the event"),
  id: z.string().describe("Its id; absent when there was none so far").optional(),
  data: z.string().describe("Its text"),
});

export const httpSseRequest: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.http.SseRequest",
  aliases: [],
  title: "Listen to server-sent events",
  description:
    "Sends a request whose answer is a stream of server-sent events, and gives the events as outputs once the server ends, or `maxEvents` have come. `options.timeout.readIdleTimeout` limits the time of it all.",
  where: "edge",
  input,
  output: z.object({
    uri: z.string().describe("Address that answered, after redirects"),
    code: z.int().describe("Status"),
    headers: z.record(z.string(), z.array(z.string())).describe("Headers of the answer, each with its values"),
    events: z.array(Event).describe("The events, in order"),
    size: z.int().describe("How many events there are"),
    result: z.string().describe("The texts of all events behind each other"),
  }),
  examples: [
    {
      title: "The first ten changes",
      yaml: `id: listen
namespace: company.team
tasks:
  - id: changes
    type: io.kestra.plugin.core.http.SseRequest
    uri: https://stream.wikimedia.org/v2/stream/recentchange
    maxEvents: 10
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ fromJson(outputs.changes.events[0].data).title }}"
`,
    },
  ],
  async run(props, ctx) {
    const call = await httpCall(props, ctx);
    const headers = { accept: "text/event-stream", ...call.headers };
    const answer = await ctx.httpStream({ ...call, headers });
    const texts = decodeChunks(answer.body);
    if (answer.status >= 400 || props.options?.allowedResponseCodes !== undefined)
      checkStatus(props, answer, answer.status >= 400 ? await startOf(texts) : "");
    const type = answer.headers["content-type"]?.[0] ?? "";
    if (answer.status < 400 && !/^text\/event-stream\b/i.test(type))
      throw new TaskFailure(
        `${answer.url} answers '${type}', not \`text/event-stream\`: use \`io.kestra.plugin.core.http.Request\` for it.`,
      );
    const events = answer.status < 400 ? await eventsOf(texts, props, ctx) : [];
    ctx.metric({ name: "events", type: "counter", value: events.length });
    const { url, status } = answer;
    return {
      outputs: {
        uri: url,
        code: status,
        headers: headersOutput(answer),
        events,
        size: events.length,
        result: events.map(({ data }) => data).join(""),
      },
    };
  },
};

async function startOf(texts: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const more of texts) {
    text += more;
    if (text.length > DETAIL_CHARACTERS) break;
  }
  return text;
}

async function eventsOf(
  texts: AsyncIterable<string>,
  { maxEvents = Number.POSITIVE_INFINITY, eventNames }: Props,
  ctx: EdgeContext,
): Promise<ServerEvent[]> {
  const parser = new SseParser();
  const events: ServerEvent[] = [];
  let characters = 0;
  for await (const text of texts) {
    checkStopped(ctx);
    for (const event of parser.add(text)) {
      if (eventNames !== undefined && !eventNames.includes(event.event)) continue;
      events.push(event);
      characters += event.data.length;
      if (events.length === maxEvents) return events;
    }
    if (characters > MAX_CHARACTERS)
      throw new TaskFailure(
        `The events have more than ${MAX_CHARACTERS} characters: set \`maxEvents\`, or use \`io.kestra.plugin.core.http.Download\` to keep the stream as a file.`,
      );
  }
  return events;
}
