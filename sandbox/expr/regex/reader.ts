import { argumentError } from "../errors.ts";
import { shown } from "../growth.ts";

/** A place in the text of a pattern. */
export class PatternReader {
  readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  get isDone(): boolean {
    return this.at >= this.source.length;
  }

  is(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  skip(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += text.length;
    return true;
  }

  /** The next character, whole even outside the basic plane. */
  next(): string {
    const point = this.source.codePointAt(this.at);
    if (point === undefined) throw this.wrong("it ends too early");
    const character = String.fromCodePoint(point);
    this.at += character.length;
    return character;
  }

  /** Text up to `end`, which is taken too; all the rest when there is none. */
  until(end: string): string {
    const found = this.source.indexOf(end, this.at);
    const text = this.source.slice(this.at, found < 0 ? undefined : found);
    this.at = found < 0 ? this.source.length : found + end.length;
    return text;
  }

  /** What the sticky pattern matches here. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source);
    if (found !== null) this.at += found[0].length;
    return found;
  }

  skipComment(): boolean {
    return this.match(/\s+|#[^\n]*/y) !== null;
  }

  wrong(why: string): Error {
    return argumentError(
      `The regular expression '${shown(this.source)}' cannot be read near index ${this.at}: ${why}.`,
    );
  }
}
