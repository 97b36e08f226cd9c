import type { Pattern, Re } from "./ast.ts";

/**
 * A backtracking matcher whose every move costs a step, so that no pattern can run for ever.
 * A matcher goes on with `next` where it succeeds, and undoes what it captured where `next` fails.
 */
type Next = (at: number) => boolean;
type Matcher = (state: State, at: number, next: Next) => boolean;
type State = { readonly text: string; readonly captures: number[]; readonly step: (count: number) => void };

/** Where a match and its groups are: offsets, -1 for a group that took no part. */
export type Match = { readonly from: number; readonly to: number; readonly captures: readonly number[] };
export type Regex = {
  readonly pattern: Pattern;
  find(text: string, from: number, step: (count: number) => void): Match | null;
};

export function compile(pattern: Pattern): Regex {
  const matcher = matcherOf(pattern.root);
  return { pattern, find: (text, from, step) => find({ pattern, matcher }, text, from, step) };
}

function find(
  regex: { pattern: Pattern; matcher: Matcher },
  text: string,
  from: number,
  step: (count: number) => void,
): Match | null {
  for (let start = from; start <= text.length; start++) {
    step(1 + regex.pattern.groups);
    const captures = new Array<number>((regex.pattern.groups + 1) * 2).fill(-1);
    let end = -1;
    const isFound = regex.matcher({ text, captures, step }, start, (at) => {
      end = at;
      return true;
    });
    if (isFound) return { from: start, to: end, captures };
    if (isHighSurrogate(text, start)) start++;
  }
  return null;
}

function isHighSurrogate(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  return point !== undefined && point > 0xffff;
}

function matcherOf(re: Re): Matcher {
  switch (re.kind) {
    case "char":
      return (state, at, next) => {
        const end = endOfChar(state, at, re.test);
        return end >= 0 && next(end);
      };
    case "sequence":
      return sequence(re.items.map(matcherOf));
    case "choice": {
      const options = re.options.map(matcherOf);
      return (state, at, next) => options.some((option) => option(state, at, next));
    }
    case "repeat":
      return repeat(re);
    case "group":
      return group(re.index, matcherOf(re.of));
    case "atomic":
      return atomic(matcherOf(re.of));
    case "look":
      return look(re, matcherOf(re.of));
    case "anchor":
      return (state, at, next) => re.test(state.text, at) && next(at);
    case "back":
      return back(re);
  }
}

/** The offset behind a character that passes, -1 when it does not. */
function endOfChar(state: State, at: number, test: (point: number) => boolean): number {
  state.step(1);
  const point = state.text.codePointAt(at);
  if (point === undefined || !test(point)) return -1;
  return at + (point > 0xffff ? 2 : 1);
}

function sequence(items: readonly Matcher[]): Matcher {
  const from = (index: number, state: State, at: number, next: Next): boolean => {
    const item = items[index];
    if (item === undefined) return next(at);
    return item(state, at, (end) => from(index + 1, state, end, next));
  };
  return (state, at, next) => from(0, state, at, next);
}

function repeat(re: Extract<Re, { kind: "repeat" }>): Matcher {
  if (re.mode === "possessive") return atomic(repeat({ ...re, mode: "greedy" }));
  if (re.of.kind === "char") return re.mode === "greedy" ? greedyChars(re, re.of.test) : lazyChars(re, re.of.test);
  const one = matcherOf(re.of);
  const more = (state: State, at: number, count: number, next: Next): boolean => {
    state.step(1);
    const again = () =>
      count < re.max && one(state, at, (end) => (end > at || count < re.min) && more(state, end, count + 1, next));
    if (count < re.min) return again();
    return re.mode === "greedy" ? again() || next(at) : next(at) || again();
  };
  return (state, at, next) => more(state, at, 0, next);
}

/** Single characters need no nesting: take as many as there are, then give back one by one. */
function greedyChars({ min, max }: { min: number; max: number }, test: (point: number) => boolean): Matcher {
  return (state, at, next) => {
    let end = at;
    let count = 0;
    while (count < max) {
      const after = endOfChar(state, end, test);
      if (after < 0) break;
      end = after;
      count++;
    }
    for (; count >= min; count--) {
      if (next(end)) return true;
      state.step(1);
      end -= end - 2 >= at && isHighSurrogate(state.text, end - 2) ? 2 : 1;
    }
    return false;
  };
}

function lazyChars({ min, max }: { min: number; max: number }, test: (point: number) => boolean): Matcher {
  return (state, at, next) => {
    let end = at;
    for (let count = 0; ; count++) {
      if (count >= min && next(end)) return true;
      end = count < max ? endOfChar(state, end, test) : -1;
      if (end < 0) return false;
    }
  };
}

function group(index: number, inner: Matcher): Matcher {
  return (state, at, next) => {
    const { captures } = state;
    const from = captures[index * 2] ?? -1;
    const to = captures[index * 2 + 1] ?? -1;
    const isMatch = inner(state, at, (end) => {
      const innerFrom = captures[index * 2] ?? -1;
      const innerTo = captures[index * 2 + 1] ?? -1;
      captures[index * 2] = at;
      captures[index * 2 + 1] = end;
      if (next(end)) return true;
      captures[index * 2] = innerFrom;
      captures[index * 2 + 1] = innerTo;
      return false;
    });
    if (!isMatch) {
      captures[index * 2] = from;
      captures[index * 2 + 1] = to;
    }
    return isMatch;
  };
}

/** The first way that matches is the only one. */
function atomic(inner: Matcher): Matcher {
  return (state, at, next) => {
    let end = -1;
    const isMatch = inner(state, at, (reached) => {
      end = reached;
      return true;
    });
    return isMatch && next(end);
  };
}

function look(re: Extract<Re, { kind: "look" }>, inner: Matcher): Matcher {
  const holds = (state: State, at: number): boolean => {
    if (!re.isBehind) return inner(state, at, () => true);
    for (let from = at; from >= 0; from--) {
      state.step(1);
      if (inner(state, from, (end) => end === at)) return true;
    }
    return false;
  };
  return (state, at, next) => holds(state, at) !== re.isNegated && next(at);
}

function back({ index, ignoresCase }: { index: number; ignoresCase: boolean }): Matcher {
  return (state, at, next) => {
    const from = state.captures[index * 2] ?? -1;
    const to = state.captures[index * 2 + 1] ?? -1;
    if (from < 0) return false;
    const wanted = state.text.slice(from, to);
    state.step(1 + wanted.length / 16);
    const found = state.text.slice(at, at + wanted.length);
    const isSame = ignoresCase ? found.toLowerCase() === wanted.toLowerCase() : found === wanted;
    return isSame && next(at + wanted.length);
  };
}
