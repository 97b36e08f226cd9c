import { typeError } from "./errors.ts";
import type { Run } from "./run.ts";
import { className, isList, isMap, type Value } from "./value.ts";

/** Where a template writes. */
export interface Sink {
  text(text: string): void;
  value(value: Value): void;
}

export class TextSink implements Sink {
  out = "";
  private readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  text(text: string): void {
    this.run.size(this.out.length + text.length);
    this.out += text;
  }

  value(value: Value): void {
    this.text(this.run.print(value));
  }
}

/** Keeps the type of a lone value; several scalars become text, lists and maps stand alone. */
export class TypedSink implements Sink {
  out: Value = null;
  private isEmpty = true;
  private readonly run: Run;

  constructor(run: Run) {
    this.run = run;
  }

  text(text: string): void {
    this.value(text);
  }

  value(value: Value): void {
    if (this.isEmpty) {
      this.out = value;
      this.isEmpty = false;
      return;
    }
    if (isStructure(value) || isStructure(this.out)) {
      throw typeError(
        `Cannot concat ${className(this.out)} with ${className(value)}: ` +
          "write a list or map alone, or make it text with `| toJson`.",
      );
    }
    const text = this.run.print(this.out) + this.run.print(value);
    this.run.size(text.length);
    this.out = text;
  }
}

function isStructure(value: Value): boolean {
  return isList(value) || isMap(value);
}
