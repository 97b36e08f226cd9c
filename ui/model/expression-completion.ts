import type { Completion, Completions } from "./completion.ts";
import { contextMembers, type Member, memberAt, type Surroundings } from "./expression-members.ts";
import { expressionPlaceAt, insideAt, ownNames, partsOf } from "./expression-place.ts";
import { type ExpressionDoc, type ExpressionKind, expressionDoc, expressionGroups } from "./expressions.ts";
import { type Around, tryExpression } from "./try-expression.ts";

// What may be written at a place of an expression, and what stands there means. The entries are those of the reference.

const LOOP: readonly (readonly [name: string, meaning: string])[] = [
  ["index", "The number of the turn, from 0"],
  ["length", "How many turns there are"],
  ["first", "True in the first turn"],
  ["last", "True in the last turn"],
  ["revindex", "How many turns come after this one"],
];
const WITHIN_NAME = /^[\p{L}\p{Nd}_]*$/u;
const WITHIN_KEY = /^[^'"\]]*$/;
const CONSTANTS = ["true", "false", "null"];

/** True when the cursor is inside of an expression, whether or not there is something to offer. */
export function isInExpression(text: string, offset: number): boolean {
  return insideAt(text, offset) !== undefined;
}

export function completeExpression(text: string, offset: number, around: Surroundings): Completions | undefined {
  const place = expressionPlaceAt(text, offset);
  if (place === undefined) return undefined;
  const { from } = place;
  // A dot asks anew.
  const within = place.at === "member" && place.isQuoted ? WITHIN_KEY : WITHIN_NAME;
  switch (place.at) {
    case "filter":
    case "test":
    case "tag":
      return { from, within, options: entriesOf(place.at) };
    case "operator":
      return {
        from,
        within,
        options: entriesOf("operator").filter(({ label }) => /^[a-z]/.test(label)),
        isQuiet: true,
      };
    case "member": {
      const members = place.path.join() === "loop" ? loopMembers() : (memberAt(place.path, around)?.members() ?? []);
      return { from, within, options: members.map((member) => memberOption(member, place.isQuoted)) };
    }
    case "value": {
      const own = ownNames(text, offset).map((name) => option("name", name, "named here"));
      const variables = contextMembers(around).map(({ name, description }) => option("name", name, "", description));
      const constants = CONSTANTS.map((name) => option("value", name, ""));
      return {
        from,
        within,
        options: [...argumentsOf(place.call), ...own, ...variables, ...entriesOf("function"), ...constants],
      };
    }
  }
}

function option(kind: Completion["kind"], label: string, detail: string, info = ""): Completion {
  return { kind, label, detail, info };
}

function entriesOf(kind: ExpressionKind): readonly Completion[] {
  const entries = expressionGroups().find((group) => group.kind === kind)?.entries ?? [];
  return entries.map((doc) => ({
    ...option("call", doc.name, kind === "function" || kind === "filter" ? argsText(doc) : "", doc.description),
    ...insertOf(doc),
  }));
}

/** Brackets where something must, or for a function may, stand in them. */
function insertOf({ kind, name, args, signature }: ExpressionDoc): Pick<Completion, "insert" | "opensBracket"> {
  if (kind === "function") return signature.endsWith("()") ? { insert: `${name}()` } : { opensBracket: true };
  return kind === "filter" && args.some(({ required }) => required) ? { opensBracket: true } : {};
}

function argsText({ args }: ExpressionDoc): string {
  return args.length === 0 ? "" : `(${args.map(({ name, required }) => (required ? name : `${name}?`)).join(", ")})`;
}

function memberOption({ name, detail, description }: Member, isQuoted: boolean): Completion {
  const isPlain = isQuoted || /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(name);
  // `outputs.my-task` would be a subtraction: the dot goes.
  return { ...option("name", name, detail, description), ...(isPlain ? {} : { insert: `['${name}']`, eatsBefore: 1 }) };
}

const loopMembers = (): readonly Member[] =>
  LOOP.map(([name, description]) => ({ name, detail: "", description, members: () => [] }));

function argumentsOf(call: string | undefined): readonly Completion[] {
  if (call === undefined) return [];
  const doc = expressionDoc("function", call) ?? expressionDoc("filter", call);
  return (doc?.args ?? []).map(({ name, description }) => ({
    ...option("property", name, "argument", description),
    insert: `${name}=`,
  }));
}

/** Help for what stands at a place. `lines`: more to say, one thing each; `anchor`: of its entry in the reference. */
export type Explanation = { title: string; text: string; lines: readonly string[]; anchor?: string };

export function explainExpression(
  text: string,
  offset: number,
  surroundings: Surroundings,
  around: Around,
): Explanation | undefined {
  const word = wordAt(text, offset);
  if (word === undefined) return undefined;
  const { before, name, after } = word;
  const kind = kindAt(before, after);
  if (kind !== undefined) {
    const doc = expressionDoc(kind, name);
    return doc && explainEntry(doc, around);
  }
  const path = /([\p{L}_][\p{L}\p{Nd}_]*(?:\.[\p{L}_][\p{L}\p{Nd}_]*|\['[^']*'\])*)(?:\.|\[')$/u.exec(before)?.[1];
  const found = memberAt([...(path === undefined ? [] : partsOf(path)), name], surroundings);
  if (found !== undefined) {
    const title = `${path === undefined ? "" : `${path}.`}${name}${found.detail === "" ? "" : `: ${found.detail}`}`;
    return { title, text: found.description, lines: [], ...(path === undefined && { anchor: `variable.${name}` }) };
  }
  const operator = path === undefined ? expressionDoc("operator", name) : undefined;
  return operator && explainEntry(operator, around);
}

/** The word at `offset` within an expression, with the code on both sides of it. A key in brackets is one word. */
function wordAt(text: string, offset: number): { before: string; name: string; after: string } | undefined {
  const before = text.slice(0, offset);
  const key = /\[['"]([^'"\]\n]*)$/.exec(before)?.[1];
  const start = offset - (key ?? /[\p{L}\p{Nd}_]*$/u.exec(before)?.[0] ?? "").length;
  const pattern = key === undefined ? /^[\p{L}_][\p{L}\p{Nd}_]*/u : /^[^'"\]\n]+/;
  const name = pattern.exec(text.slice(start))?.[0] ?? "";
  const inside = insideAt(text, start);
  if (name === "" || inside === undefined) return undefined;
  const code = inside.isTag ? `%${inside.code}` : inside.code;
  return { before: code, name, after: text.slice(start + name.length) };
}

function kindAt(before: string, after: string): ExpressionKind | undefined {
  if (/^%-?\s*$/.test(before)) return "tag";
  if (/(^|[^|])\|\s*$/.test(before) || /^%-?\s*filter\s+$/.test(before)) return "filter";
  if (/\bis(\s+not)?\s+$/.test(before)) return "test";
  return /^\s*\(/.test(after) && !/[.]$/.test(before) ? "function" : undefined;
}

function explainEntry(doc: ExpressionDoc, around: Around): Explanation {
  const args = doc.args.map(
    ({ name, description, required }) => `\`${name}\`: ${description}${required ? "" : " (optional)"}`,
  );
  const examples = doc.examples.slice(0, 2).flatMap((template) => {
    const tried = tryExpression(template, {}, around);
    return tried.kind === "result" ? [`\`${template}\` → \`${tried.text}\``] : [];
  });
  return {
    title: doc.signature,
    text: doc.description,
    lines: [...args, ...examples],
    anchor: doc.anchor,
  };
}
