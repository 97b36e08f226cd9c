import fc from "fast-check";
import type { CallArgs, Expr, FilterUse, Node, Template } from "#expr/ast.ts";
import { BINARY_OPERATORS } from "#expr/syntax.ts";
import { Double } from "#expr/value.ts";

// Trees of templates, as the parser makes them. Every place is 0.

const at = 0;
const identifier = fc.constantFrom("a", "b2", "_c", "outputs", "été", "loop", "canary");
/** No backslash at the end: it would escape the quote that closes the text. */
const text = fc.string({ maxLength: 8 }).map((value) => value.replace(/\\+$/, ""));
const literal = fc
  .oneof(
    text,
    fc.nat(),
    fc.boolean(),
    fc.constant(null),
    fc.nat(1000).map((number) => number + 0.5),
    fc.nat(1000).map((number) => new Double(number)),
  )
  .map((value): Expr => ({ kind: "literal", at, value }));
const operators = BINARY_OPERATORS.map(({ symbol }) => symbol).filter(
  (symbol) => !["|", "is", "is not"].includes(symbol),
);

const { expr, args } = fc.letrec<{ expr: Expr; args: CallArgs; compound: Expr }>((tie) => ({
  expr: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    literal,
    identifier.map((name): Expr => ({ kind: "name", at, name })),
    tie("compound"),
  ),
  compound: fc.oneof(
    fc.record({ of: tie("expr"), name: text }).map((parts): Expr => ({ kind: "attribute", at, ...parts })),
    fc
      .record({ of: tie("expr"), key: tie("expr") })
      .filter(({ key }) => key.kind !== "literal" || typeof key.value !== "string")
      .map((parts): Expr => ({ kind: "index", at, ...parts })),
    fc.array(tie("expr"), { maxLength: 3 }).map((items): Expr => ({ kind: "list", at, items, constant: undefined })),
    fc
      .array(fc.record({ key: tie("expr"), value: tie("expr") }), { maxLength: 3 })
      .map((entries): Expr => ({ kind: "map", at, entries, constant: undefined })),
    fc
      .record({ op: fc.constantFrom("not", "-", "+"), of: tie("expr") })
      .map((parts): Expr => ({ kind: "unary", at, ...parts })),
    fc
      .record({ op: fc.constantFrom(...operators), left: tie("expr"), right: tie("expr") })
      .map((parts): Expr => ({ kind: "binary", at, ...parts })),
    fc
      .tuple(tie("expr"), tie("expr"), tie("expr"))
      .map(([condition, first, otherwise]): Expr => ternary(condition, first, otherwise)),
    fc
      .record({ input: tie("expr"), name: identifier, args: tie("args") })
      .map((parts): Expr => ({ kind: "filter", at, ...parts })),
    fc
      .record({ input: tie("expr"), name: identifier, args: tie("args"), negated: fc.boolean() })
      .map((parts): Expr => ({ kind: "test", at, ...parts })),
    fc.record({ name: identifier, args: tie("args") }).map((parts): Expr => ({ kind: "call", at, ...parts })),
    fc
      .tuple(text, tie("expr"), text)
      .filter(([before, , after]) => !/#\{?$|#\{/.test(before + after) && !before.endsWith("#"))
      .map(([before, inner, after]): Expr => {
        const piece = (value: string): Expr => ({ kind: "literal", at, value });
        return { kind: "interpolation", at, parts: [piece(before), inner, piece(after)] };
      }),
  ),
  args: fc.record({
    positional: fc.array(tie("expr"), { maxLength: 2 }),
    named: fc.uniqueArray(fc.record({ name: identifier, value: tie("expr"), at: fc.constant(0) }), {
      maxLength: 2,
      selector: ({ name }) => name,
    }),
  }),
}));

function ternary(condition: Expr, first: Expr, otherwise: Expr): Expr {
  // biome-ignore lint/suspicious/noThenProperty: the tree calls it so
  return { kind: "ternary", at, condition, then: first, otherwise };
}

export const arbitraryExpression: fc.Arbitrary<Expr> = expr;

const use = fc.record({ name: identifier, args }).map((parts): FilterUse => ({ kind: "filter", at, ...parts }));
const plainText = fc.stringMatching(/^[a-z \n.}%#-]{1,8}$/);

const { nodes } = fc.letrec<{ nodes: readonly Node[]; node: Node }>((tie) => ({
  nodes: fc.array(tie("node"), { maxLength: 3, depthIdentifier: "nodes" }).map(withoutTextsInARow),
  node: fc.oneof(
    { depthSize: "xsmall", depthIdentifier: "nodes" },
    plainText.map((value): Node => ({ kind: "text", at, text: value })),
    fc.constantFrom("{{ x }}", "{% if %}", "").map((value): Node => ({ kind: "raw", at, text: value })),
    expr.map((value): Node => ({ kind: "print", at, value })),
    fc.record({ name: identifier, value: expr }).map((parts): Node => ({ kind: "set", at, ...parts })),
    fc
      .record({
        branches: fc.array(fc.record({ condition: expr, body: tie("nodes") }), { minLength: 1, maxLength: 2 }),
        otherwise: tie("nodes"),
      })
      .map((parts): Node => ({ kind: "if", at, ...parts })),
    fc
      .record({ name: identifier, list: expr, body: tie("nodes"), otherwise: tie("nodes") })
      .map((parts): Node => ({ kind: "for", at, ...parts })),
    fc
      .record({ filters: fc.array(use, { minLength: 1, maxLength: 2 }), body: tie("nodes") })
      .map((parts): Node => ({ kind: "filtered", at, ...parts })),
  ),
}));

/** Two texts in a row are read as one. */
function withoutTextsInARow(list: readonly Node[]): Node[] {
  return list.filter(({ kind }, index) => kind !== "text" || list[index - 1]?.kind !== "text");
}

export const arbitraryTemplate: fc.Arbitrary<Template> = nodes.map((list) => ({
  source: "",
  nodes: list,
  macros: new Map(),
  blocks: new Map(),
}));
