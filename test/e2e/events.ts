// Reads server-sent events from the server.
import { get } from "node:http";

export interface ServerEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/** Events until `isLast` says so or the server ends the stream; throws when neither happens in time. */
export function readEvents(
  url: string,
  isLast: (event: ServerEvent) => boolean,
  timeoutMs = 15_000,
): Promise<ServerEvent[]> {
  return new Promise((resolve, reject) => {
    const events: ServerEvent[] = [];
    const request = get(url, { headers: { accept: "text/event-stream" } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url} was answered ${response.statusCode}`));
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const event = parseEvent(text.slice(0, end));
          text = text.slice(end + 2);
          if (!event) continue;
          events.push(event);
          if (isLast(event)) finish();
        }
      });
      response.once("end", finish);
    });
    const timer = setTimeout(() => {
      request.destroy();
      reject(new Error(`No last event within ${timeoutMs} ms; got ${JSON.stringify(events).slice(0, 1_000)}`));
    }, timeoutMs);
    request.once("error", reject);
    function finish() {
      clearTimeout(timer);
      request.destroy();
      resolve(events);
    }
  });
}

function parseEvent(text: string): ServerEvent | undefined {
  const fields: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name) fields[name] = fields[name] === undefined ? value : `${fields[name]}\n${value}`;
  }
  return fields.data === undefined ? undefined : ({ ...fields, data: fields.data } as ServerEvent);
}
