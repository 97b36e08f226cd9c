import type { Tried } from "../model/try-expression.ts";
import { readAddress, writeAddress } from "./address.ts";

/** The reference of the language and its interpreter, loaded when a page first needs them. */
export type Expressions = Awaited<ReturnType<typeof load>>;

async function load() {
  const [reference, interpreter] = await Promise.all([
    import("../model/expressions.ts"),
    import("../model/try-expression.ts"),
  ]);
  return { ...reference, ...interpreter };
}

let loaded: Promise<Expressions> | undefined;

export function loadExpressions(): Promise<Expressions> {
  loaded ??= load().catch((cause: unknown) => {
    loaded = undefined;
    throw cause;
  });
  return loaded;
}

/** The time and the dice of this browser. */
export const around = () => ({ now: Date.now(), random: Math.random });

const PAUSE_MS = 150;
const FIRST_TEMPLATE = "Hello {{ inputs.name | upper }}, {{ outputs.load.rows | length }} rows";
const FIRST_CONTEXT = JSON.stringify(
  { inputs: { name: "Ada" }, outputs: { load: { rows: [1, 2, 3] } }, vars: { city: "Zürich" } },
  null,
  2,
);

/** A template, a context, and what comes of them. */
export class Playground {
  template = $state(FIRST_TEMPLATE);
  context = $state(FIRST_CONTEXT);
  tried = $state.raw<Tried>();
  readonly #expressions: Expressions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(expressions: Expressions) {
    this.#expressions = expressions;
    this.#try();
  }

  /** Evaluated once the typing pauses. */
  write(change: { template?: string; context?: string }): void {
    this.template = change.template ?? this.template;
    this.context = change.context ?? this.context;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), PAUSE_MS);
  }

  #try(): void {
    this.tried = this.#expressions.tryWithText(this.template, this.context, around());
  }
}

/** What the reference is searched for, in the address. */
export class ExpressionSearch {
  text = $state(new Map(readAddress()).get("q") ?? "");

  write(text: string): void {
    this.text = text;
    writeAddress(text.trim() === "" ? [] : [["q", text]]);
  }
}
