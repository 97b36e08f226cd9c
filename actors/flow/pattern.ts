/** Longest text that is matched against a validator. */
const MAX_TEXT = 10_000;

export type TextPattern = { matches(text: string): boolean };

/** A regular expression that must match the whole text; `message` when it is none or could take for ever. */
export function compilePattern(source: string): TextPattern | { message: string } {
  // A repeated group that repeats something itself can take exponential time.
  if (/\([^()]*[*+}][^()]*\)\s*[*+{]/.test(source)) {
    return { message: `invalid pattern [${source}]: a repetition inside a repetition can take for ever` };
  }
  try {
    const whole = new RegExp(`^(?:${source})$`, "u");
    return { matches: (text) => text.length <= MAX_TEXT && whole.test(text) };
  } catch {
    return { message: `invalid pattern [${source}]` };
  }
}
