/** Longest pattern and name that are compared. */
const MAX_LENGTH = 1000;

/**
 * True when the relative path `name` matches `pattern`: `*` and `?` within a folder, `**` over folders, `{a,b}` and `[a-z]`.
 * Takes time proportional to pattern and name, whatever they are.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  if (pattern.length > MAX_LENGTH || name.length > MAX_LENGTH) return false;
  return expandBraces(pattern.replace(/^(glob:|\.\/)/, "")).some((plain) => matchesPlain(plain, name));
}

const MAX_ALTERNATIVES = 100;

/** `a{b,c}` as `ab`, `ac`; braces within braces are taken from the inside out. */
function expandBraces(pattern: string): string[] {
  let patterns = [pattern];
  while (patterns.length <= MAX_ALTERNATIVES) {
    const next = patterns.flatMap((text) => {
      const match = /\{([^{}]*)\}/.exec(text);
      if (match === null) return [text];
      const [whole, inner = ""] = match;
      const rest = text.slice(match.index + whole.length);
      return inner.split(",").map((option) => text.slice(0, match.index) + option + rest);
    });
    if (next.length === patterns.length && next.every((text, index) => text === patterns[index])) return patterns;
    patterns = next;
  }
  return patterns.slice(0, MAX_ALTERNATIVES);
}

type Token =
  | { kind: "any" }
  | { kind: "deep" }
  | { kind: "one" }
  | { kind: "char"; text: string }
  | { kind: "class"; matches: (char: string) => boolean; length: number };

function tokenAt(pattern: string, at: number): { token: Token; to: number } {
  if (pattern.startsWith("**/", at)) return { token: { kind: "deep" }, to: at + 3 };
  if (pattern.startsWith("**", at)) return { token: { kind: "deep" }, to: at + 2 };
  const text = pattern.charAt(at);
  if (text === "*") return { token: { kind: "any" }, to: at + 1 };
  if (text === "?") return { token: { kind: "one" }, to: at + 1 };
  const close = text === "[" ? pattern.indexOf("]", at + 2) : -1;
  if (close < 0) return { token: { kind: "char", text }, to: at + 1 };
  return { token: { kind: "class", matches: charClass(pattern.slice(at + 1, close)), length: 1 }, to: close + 1 };
}

function charClass(body: string): (char: string) => boolean {
  const negated = body.startsWith("!") || body.startsWith("^");
  const set = negated ? body.slice(1) : body;
  return (char) => {
    let found = false;
    for (let i = 0; i < set.length; i++) {
      const isRange = set[i + 1] === "-" && i + 2 < set.length;
      found ||= isRange ? char >= set.charAt(i) && char <= set.charAt(i + 2) : char === set[i];
      if (isRange) i += 2;
    }
    return found !== negated && char !== "/";
  };
}

/** Keeps the set of places in the pattern that the name read so far can stand at. */
function matchesPlain(pattern: string, name: string): boolean {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; ) {
    const { token, to } = tokenAt(pattern, at);
    tokens.push(token);
    at = to;
  }
  let places = closure(tokens, new Set([0]));
  for (const char of name) {
    const next = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined) continue;
      if (token.kind === "deep" || (token.kind === "any" && char !== "/")) next.add(place);
      else if (accepts(token, char)) next.add(place + 1);
    }
    places = closure(tokens, next);
    if (places.size === 0) return false;
  }
  return places.has(tokens.length);
}

function accepts(token: Token, char: string): boolean {
  switch (token.kind) {
    case "one":
      return char !== "/";
    case "char":
      return char === token.text;
    case "class":
      return token.matches(char);
    default:
      return false;
  }
}

/** Stars may stand for nothing. */
function closure(tokens: readonly Token[], places: Set<number>): Set<number> {
  for (const place of places) {
    const kind = tokens[place]?.kind;
    if (kind === "any" || kind === "deep") places.add(place + 1);
  }
  return places;
}
