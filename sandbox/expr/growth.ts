import type { Meter } from "./entry.ts";

/**
 * Charges a text while it is made of a list or map: a value that holds the same list again and again can print far more than it takes
 * in memory.
 */
export class Growth {
  readonly meter: Meter;
  private length = 0;

  constructor(meter: Meter) {
    this.meter = meter;
  }

  /** The text, charged with its length, or with `length` when its parts were charged before. */
  add(text: string, length = text.length): string {
    this.length += length;
    this.meter.size(this.length);
    this.meter.step(1 + (length >> 3));
    return text;
  }
}

/** A text of somebody else's within a message. */
export function shown(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const MAX_SHOWN = 100;
