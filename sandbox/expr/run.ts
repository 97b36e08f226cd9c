import { answerTo } from "./answers.ts";
import { type Budget, DEFAULT_BUDGET, type EvalContext } from "./context.ts";
import type { Meter } from "./entry.ts";
import { type NeedsLookup, overBudget } from "./errors.ts";
import { type Lookup, lookupKey } from "./lookups.ts";
import { print } from "./text.ts";
import { fromOutside, type Value } from "./value.ts";

/** How many texts of `raw` a run may set aside. */
const RAW_MARK = "\uE0F1";
const RAW_PATTERN = /\uE0F1(\d+)\uE0F2/g;

/** What one call of `render` has used and found out; shared by everything evaluated within it. */
export class Run implements Meter {
  readonly ctx: EvalContext;
  readonly budget: Budget;
  private stepCount = 0;
  private turnCount = 0;
  private depth = 0;
  private regexCount = 0;
  private raws: string[] | undefined;
  private needed: Map<string, Lookup> | undefined;

  constructor(ctx: EvalContext) {
    this.ctx = ctx;
    this.budget = ctx.budget === undefined ? DEFAULT_BUDGET : { ...DEFAULT_BUDGET, ...ctx.budget };
  }

  step(count = 1): void {
    this.stepCount += count;
    if (this.stepCount > this.budget.steps) {
      throw overBudget("steps", this.budget.steps, "use a task or a script for larger computations.");
    }
  }

  /** A move of the regular-expression matcher. They have their own budget, so that the error can say what is slow. */
  regexStep(count: number): void {
    this.regexCount += count;
    if (this.regexCount > this.budget.regexSteps) {
      const cure = "repeats within repeats, as in (a+)+, take this long; write the expression without them.";
      throw overBudget("moves of regular expressions", this.budget.regexSteps, cure);
    }
  }

  turn(): void {
    if (++this.turnCount > this.budget.loopTurns) {
      throw overBudget("loop turns", this.budget.loopTurns, "use a ForEach task or a script for larger loops.");
    }
  }

  /** Charges a text that is copied or searched, by its length. */
  chargeText(length: number): void {
    this.step(length >> 8);
  }

  print(value: Value): string {
    return print(value, this);
  }

  /** Refuses a text that is too long, before it is built. */
  size(length: number): void {
    if (length > this.budget.outputBytes) {
      throw overBudget("bytes of output", this.budget.outputBytes, "write large data to a file and pass its URI.");
    }
  }

  /** Runs `body` one level deeper. */
  nested<T>(body: () => T): T {
    if (this.depth >= this.budget.depth) {
      throw overBudget("nested levels", this.budget.depth, "a template, macro or block may be using itself.");
    }
    this.depth++;
    try {
      return body();
    } finally {
      this.depth--;
    }
  }

  /** The recorded answer of the world; without one, this evaluation stops. */
  lookup(lookup: Lookup): Value {
    return fromOutside(answerTo(lookup, this.ctx.lookups)) ?? null;
  }

  /** Notes what an evaluation has stopped for. */
  note({ lookups }: NeedsLookup): void {
    this.needed ??= new Map();
    for (const lookup of lookups) this.needed.set(lookupKey(lookup), lookup);
  }

  /** What evaluations have stopped for. */
  get needs(): Lookup[] {
    return this.needed === undefined ? [] : [...this.needed.values()];
  }

  get isWaiting(): boolean {
    return this.needed !== undefined;
  }

  /** Puts a raw text aside while later passes run over the rest. */
  setAside(text: string): string {
    this.raws ??= [];
    this.raws.push(text);
    return `${RAW_MARK}${this.raws.length - 1}\uE0F2`;
  }

  putBack(text: string): string {
    const { raws } = this;
    if (raws === undefined || !text.includes(RAW_MARK)) return text;
    return text.replace(RAW_PATTERN, (mark, index: string) => raws[Number(index)] ?? mark);
  }
}
