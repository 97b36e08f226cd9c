/** An event as its server sent it. */
export type ServerEvent = { event: string; id?: string; data: string };

/** Server-sent events from text in pieces, by the rules of the HTML standard: an event that is not ended is none. */
export class SseParser {
  #line = "";
  #event = "";
  #id: string | undefined;
  #data: string[] = [];
  #endedInReturn = false;

  /** The events that this piece ends. */
  add(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    // A line feed behind the return that ended the last piece belongs to that return.
    const rest = this.#endedInReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") this.#endedInReturn = text.endsWith("\r");
    const lines = (this.#line + rest).split(/\r\n|\n|\r/);
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#take(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #take(line: string): ServerEvent | undefined {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    // A line that begins with a colon is a comment.
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #end(): ServerEvent | undefined {
    const data = this.#data;
    const event = this.#event === "" ? "message" : this.#event;
    this.#data = [];
    this.#event = "";
    if (data.length === 0) return undefined;
    const id = this.#id === undefined || this.#id === "" ? {} : { id: this.#id };
    return { event, ...id, data: data.join("\n") };
  }
}
