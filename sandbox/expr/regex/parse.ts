import { argumentError } from "../errors.ts";
import { shown } from "../growth.ts";
import type { CharTest, Pattern, Re } from "./ast.ts";
import { among, caseless, isLineEnd, isWordAt, negated, propertyClass, SHORTHANDS } from "./classes.ts";
import { parseClass, parseEscapedPoint } from "./parse-class.ts";
import { PatternReader } from "./reader.ts";

export type Flags = { ignoresCase: boolean; isMultiLine: boolean; dotIsAll: boolean; isExtended: boolean };

const MAX_NESTING = 100;
const MAX_COUNT = 100_000;

/** A pattern of Java's dialect as a tree. Throws an ExprError for what it cannot read. */
export function parseRegex(source: string, flags: Flags): Pattern {
  return new RegexParser(source, flags).pattern();
}

class RegexParser {
  private readonly reader: PatternReader;
  private flags: Flags;
  private groups = 0;
  private depth = 0;
  private readonly names = new Map<string, number>();

  constructor(source: string, flags: Flags) {
    this.reader = new PatternReader(source);
    this.flags = flags;
  }

  pattern(): Pattern {
    const root = this.choice();
    if (!this.reader.isDone) throw this.reader.wrong("a `)` has no `(`");
    return { root, groups: this.groups, names: this.names };
  }

  private choice(): Re {
    if (++this.depth > MAX_NESTING) throw this.reader.wrong("it nests too deeply");
    const options = [this.sequence()];
    while (this.reader.skip("|")) options.push(this.sequence());
    this.depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  private sequence(): Re {
    const items: Re[] = [];
    while (!this.reader.isDone && !this.reader.is("|") && !this.reader.is(")")) {
      if (this.flags.isExtended && this.reader.skipComment()) continue;
      if (this.reader.skip("\\Q")) items.push(...this.literals(this.reader.until("\\E")));
      else {
        const atom = this.atom();
        if (atom !== null) items.push(this.quantified(atom));
      }
    }
    return { kind: "sequence", items };
  }

  private literals(text: string): Re[] {
    return [...text].map((character) => this.char(among(character)));
  }

  private char(test: CharTest): Re {
    return { kind: "char", test: this.flags.ignoresCase ? caseless(test) : test };
  }

  /** One thing to match; null for a group that only sets flags. */
  private atom(): Re | null {
    const character = this.reader.next();
    switch (character) {
      case "(":
        return this.group();
      case "[":
        return this.char(parseClass(this.reader));
      case ".":
        return { kind: "char", test: this.flags.dotIsAll ? () => true : negated(isLineEnd) };
      case "^":
        return this.flags.isMultiLine ? LINE_START : TEXT_START;
      case "$":
        return this.flags.isMultiLine ? LINE_END : TEXT_END;
      case "\\":
        return this.escape();
      case "*":
      case "+":
      case "?":
        throw this.reader.wrong(`Dangling meta character '${character}'`);
      default:
        return this.char(among(character));
    }
  }

  private escape(): Re {
    const character = this.reader.next();
    const shorthand = SHORTHANDS.get(character);
    if (shorthand !== undefined) return this.char(shorthand);
    const anchor = ANCHORS.get(character);
    if (anchor !== undefined) return anchor;
    if (character === "R") return LINE_BREAK;
    if (character === "k") return this.namedBack();
    if (/[1-9]/.test(character)) return { kind: "back", index: Number(character), ignoresCase: this.flags.ignoresCase };
    if (character === "p" || character === "P") {
      const name = this.reader.skip("{") ? this.reader.until("}") : this.reader.next();
      const test = propertyClass(name);
      if (test === undefined) throw this.reader.wrong(`Unknown character property name {${name}}`);
      return this.char(character === "p" ? test : negated(test));
    }
    return this.char(among(String.fromCodePoint(parseEscapedPoint(this.reader, character))));
  }

  private namedBack(): Re {
    if (!this.reader.skip("<")) throw this.reader.wrong("\\k is not followed by '<' for named capturing group");
    const name = this.reader.until(">");
    const index = this.names.get(name);
    if (index === undefined) throw this.reader.wrong(`Named capturing group <${name}> does not exist`);
    return { kind: "back", index, ignoresCase: this.flags.ignoresCase };
  }

  private group(): Re | null {
    const { reader } = this;
    if (!reader.skip("?")) return this.capture();
    if (reader.skip(":")) return this.enclosed();
    if (reader.skip(">")) return { kind: "atomic", of: this.enclosed() };
    if (reader.skip("=")) return this.look(false, false);
    if (reader.skip("!")) return this.look(false, true);
    if (reader.skip("<=")) return this.look(true, false);
    if (reader.skip("<!")) return this.look(true, true);
    if (reader.skip("<") || reader.skip("P<")) return this.capture(reader.until(">"));
    if (reader.skip("#")) {
      reader.until(")");
      return null;
    }
    return this.flagGroup();
  }

  private capture(name?: string): Re {
    const index = ++this.groups;
    if (name !== undefined) this.names.set(name, index);
    return { kind: "group", index, of: this.enclosed() };
  }

  private look(isBehind: boolean, isNegated: boolean): Re {
    return { kind: "look", isBehind, isNegated, of: this.enclosed() };
  }

  /** Up to the closing parenthesis; flags set within end there. */
  private enclosed(): Re {
    const { flags } = this;
    const inner = this.choice();
    this.flags = flags;
    if (!this.reader.skip(")")) throw this.reader.wrong("Unclosed group");
    return inner;
  }

  /** `(?i)` for the rest of the group, `(?i:…)` for its own content. */
  private flagGroup(): Re | null {
    const before = this.flags;
    const flags = { ...before };
    let isOn = true;
    for (;;) {
      const letter = this.reader.next();
      if (letter === ")") {
        this.flags = flags;
        return null;
      }
      if (letter === ":") {
        this.flags = flags;
        const inner = this.enclosed();
        this.flags = before;
        return inner;
      }
      if (letter === "-") isOn = false;
      else if (letter === "i") flags.ignoresCase = isOn;
      else if (letter === "m") flags.isMultiLine = isOn;
      else if (letter === "s") flags.dotIsAll = isOn;
      else if (letter === "x") flags.isExtended = isOn;
      else if (!"udU".includes(letter)) throw this.reader.wrong("Unknown inline modifier");
    }
  }

  private quantified(atom: Re): Re {
    let current = atom;
    for (;;) {
      const counts = this.counts();
      if (counts === null) return current;
      const [min, max] = counts;
      const mode = this.reader.skip("?") ? "lazy" : this.reader.skip("+") ? "possessive" : "greedy";
      current = { kind: "repeat", of: current, min, max, mode };
      if (++this.depth > MAX_NESTING) throw this.reader.wrong("it nests too deeply");
    }
  }

  private counts(): readonly [number, number] | null {
    if (this.reader.skip("*")) return [0, Infinity];
    if (this.reader.skip("+")) return [1, Infinity];
    if (this.reader.skip("?")) return [0, 1];
    const found = this.reader.match(/\{(\d+)(,?)(\d*)\}/y);
    if (found === null) return null;
    const [, min = "0", comma, max = ""] = found;
    const most = comma === "" ? Number(min) : max === "" ? Infinity : Number(max);
    if (Number(min) > MAX_COUNT || (most !== Infinity && most > MAX_COUNT) || most < Number(min)) {
      throw argumentError(`Illegal repetition range in the regular expression '${shown(this.reader.source)}'.`);
    }
    return [Number(min), most];
  }
}

function anchor(test: (text: string, at: number) => boolean): Re {
  return { kind: "anchor", test };
}

const isBreakAt = (text: string, at: number) => isLineEnd(text.charCodeAt(at));
const isLastBreak = (text: string, at: number) =>
  text.slice(at) === "\n" || text.slice(at) === "\r\n" || text.slice(at) === "\r";
const TEXT_START = anchor((_, at) => at === 0);
const LINE_START = anchor((text, at) => at === 0 || (isBreakAt(text, at - 1) && at < text.length));
const TEXT_END = anchor((text, at) => at === text.length || (at >= text.length - 2 && isLastBreak(text, at)));
const LINE_END = anchor((text, at) => at === text.length || isBreakAt(text, at));
const isBoundary = (text: string, at: number) => isWordAt(text, at - 1) !== isWordAt(text, at);

const ANCHORS: ReadonlyMap<string, Re> = new Map([
  ["A", TEXT_START],
  ["Z", TEXT_END],
  ["z", anchor((text, at) => at === text.length)],
  ["b", anchor(isBoundary)],
  ["B", anchor((text, at) => !isBoundary(text, at))],
]);

const LINE_BREAK: Re = {
  kind: "choice",
  options: [
    {
      kind: "sequence",
      items: [
        { kind: "char", test: among("\r") },
        { kind: "char", test: among("\n") },
      ],
    },
    { kind: "char", test: among("\n\v\f\r\u0085\u2028\u2029") },
  ],
};
