import { regexOf } from "#expr/regex/use.ts";

// Validators are regular expressions of Java's dialect. They run on the interpreter of the expression language, where every
// move costs a step: a pattern that would take for ever ends as "cannot be decided", never as a hung actor.

const MAX_STEPS = 200_000;
/** Longest text that is matched, in UTF-16 units. */
const MAX_TEXT = 20_000;

class OutOfSteps extends Error {}

export type TextPattern = {
  /** Whether the whole of `text` matches; undefined when that takes too many steps or the text is too long. */
  matches(text: string): boolean | undefined;
};

/** A pattern for whole texts; `message` when `source` is no regular expression. */
export function compilePattern(source: string): TextPattern | { message: string } {
  try {
    const regex = regexOf(`\\A(?:${source})\\z`);
    return { matches: (text) => (text.length > MAX_TEXT ? undefined : matchesWhole(regex, text)) };
  } catch {
    return { message: `invalid pattern [${source}]` };
  }
}

function matchesWhole(regex: ReturnType<typeof regexOf>, text: string): boolean | undefined {
  let steps = 0;
  const step = (count: number) => {
    steps += count;
    if (steps > MAX_STEPS) throw new OutOfSteps();
  };
  try {
    return regex.find(text, 0, step) !== null;
  } catch {
    return undefined; // out of steps, or nested too deep for the stack
  }
}
