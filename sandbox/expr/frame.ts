import type { Value } from "./value.ts";

/** From this many names on a Map is faster than looking through them. */
const MANY = 16;

/**
 * Local variables of `set`, loops and macros; outer frames after inner ones, the context last. One is made for every turn of a loop and
 * holds few names: two lists are cheaper than a Map.
 */
export class Frame {
  readonly up: Frame | undefined;
  private readonly names: string[];
  private readonly values: Value[];
  private index: Map<string, number> | undefined;

  constructor(up: Frame | undefined, names: string[] = [], values: Value[] = []) {
    this.up = up;
    this.names = names;
    this.values = values;
  }

  /** The variable of this frame or of those around it; undefined when none has it. */
  find(name: string): Value | undefined {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.up) {
      const at = frame.placeOf(name);
      if (at >= 0) return frame.values[at];
    }
    return undefined;
  }

  /** Sets the variable where it exists already, else in this frame. */
  assign(name: string, value: Value): void {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.up) {
      const at = frame.placeOf(name);
      if (at < 0) continue;
      frame.values[at] = value;
      return;
    }
    this.declare(name, value);
  }

  /** A variable of this frame that it does not have yet. */
  declare(name: string, value: Value): void {
    this.index?.set(name, this.names.length);
    this.names.push(name);
    this.values.push(value);
    if (this.names.length === MANY) this.index = new Map(this.names.map((known, at) => [known, at]));
  }

  /** Names of this frame and of those around it, inner ones first. */
  *visible(): Iterable<string> {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.up) yield* frame.names;
  }

  private placeOf(name: string): number {
    return this.index === undefined ? this.names.indexOf(name) : (this.index.get(name) ?? -1);
  }
}
