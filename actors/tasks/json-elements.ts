import { TaskFailure } from "./define.ts";
import { MAX_RECORD_CHARACTERS } from "./serdes-values.ts";

/**
 * The elements of one JSON document that is a list, as text and in their order, from text in pieces; of any other document the whole of
 * it. Only brackets, quotes and commas are looked at: what is no JSON in between is seen by whoever parses the elements.
 */
export class JsonElements {
  #held = "";
  /** Up to where the held text has been looked at. */
  #at = 0;
  /** Where the element begins. */
  #from = 0;
  #depth = 0;
  #isText = false;
  #kind: "unknown" | "list" | "other" | "ended" = "unknown";

  add(piece: string): string[] {
    this.#held += piece;
    const found: string[] = [];
    if (this.#kind === "unknown" && !this.#begin()) return found;
    if (this.#kind === "list") this.#scan(found);
    if (this.#kind === "ended" && this.#held.slice(this.#at).trim() !== "")
      throw new TaskFailure(
        "The file is no JSON document: there is more behind its list. Is it one document on each line?",
      );
    if (this.#kind !== "other") {
      this.#held = this.#held.slice(this.#from);
      this.#at -= this.#from;
      this.#from = 0;
    }
    if (this.#held.length > MAX_RECORD_CHARACTERS)
      throw new TaskFailure(`An element has more than ${MAX_RECORD_CHARACTERS} characters.`);
    return found;
  }

  end(): string[] {
    if (this.#kind === "other") return [this.#held];
    if (this.#kind === "list") throw new TaskFailure("The file is no JSON document: its list is not closed.");
    return [];
  }

  #begin(): boolean {
    const first = this.#held.search(/\S/);
    if (first < 0) return false;
    this.#kind = this.#held[first] === "[" ? "list" : "other";
    this.#at = first + 1;
    this.#from = first + 1;
    return true;
  }

  #scan(found: string[]): void {
    const text = this.#held;
    for (; this.#at < text.length; this.#at++) {
      const mark = text.charCodeAt(this.#at);
      if (this.#isText) {
        if (mark === BACKSLASH) {
          // What is escaped may be in the next piece.
          if (this.#at + 1 === text.length) return;
          this.#at += 1;
        } else if (mark === QUOTE) this.#isText = false;
      } else if (mark === QUOTE) this.#isText = true;
      else if (mark === OPEN_MAP || mark === OPEN_LIST) this.#depth += 1;
      else if (mark === COMMA && this.#depth === 0) this.#take(text, found, false);
      else if (mark === CLOSE_MAP || mark === CLOSE_LIST) {
        if (this.#depth === 0) {
          this.#take(text, found, true);
          this.#kind = "ended";
          this.#at += 1;
          return;
        }
        this.#depth -= 1;
      }
    }
  }

  #take(text: string, found: string[], isLast: boolean): void {
    const element = text.slice(this.#from, this.#at);
    // An empty list, and nothing else, has an element of nothing.
    if (!isLast || element.trim() !== "") found.push(element);
    this.#from = this.#at + 1;
  }
}

const QUOTE = 34;
const COMMA = 44;
const OPEN_LIST = 91;
const BACKSLASH = 92;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;
