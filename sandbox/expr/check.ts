import type { CallArgs, Expr, Node, Template } from "./ast.ts";
import { argsProblem, type Shape } from "./bind.ts";
import { FILTERS, FUNCTIONS, TESTS } from "./catalogue.ts";
import type { Called } from "./entry.ts";
import { type ExprCode, ExprError, type ExprProblem, placeOf, toProblem } from "./errors.ts";
import { unknownName } from "./nearest.ts";
import { tryTemplate } from "./template-cache.ts";
import { eachExpr } from "./walk.ts";

/** A variable that a template names: `outputs.a['b'].c` has the root `outputs` and the path a, b, c. */
export type Reference = { root: string; path: string[]; line: number; column: number };

/** What is wrong with a template before it runs: syntax, unknown names, arguments that do not fit. */
export function checkTemplate(source: string): ExprProblem[] {
  const template = tryTemplate(source);
  if (template instanceof ExprError) return [toProblem(template, source)];
  const problems: ExprProblem[] = [];
  const report = (code: ExprCode, message: string, at: number) => {
    problems.push({ code, message, ...placeOf(source, at) });
  };
  eachUse(template, ({ kind, name, args, at, table }) => {
    const entry = table.get(name);
    if (entry === undefined) {
      return report(
        "EXPR_UNKNOWN_NAME",
        unknownName(kind, name, kind === "call" ? [...template.macros.keys(), ...table.keys()] : table.keys()),
        at,
      );
    }
    const names = args.named.map((arg) => arg.name);
    const problem = argsProblem(entry, { kind, name }, args.positional.length, names);
    if (problem !== null) report("EXPR_ARGUMENT", problem, at);
  });
  return problems;
}

/** A filter, function, macro or test that a template uses. */
type Use = {
  kind: Called["kind"];
  name: string;
  args: CallArgs;
  at: number;
  table: ReadonlyMap<string, Shape>;
};

function eachUse(template: Template, used: (use: Use) => void): void {
  const macros = new Map([...template.macros].map(([name, { params }]): [string, Shape] => [name, { args: params }]));
  const visitExpr = (expr: Expr) => {
    if (expr.kind === "filter") used({ ...expr, table: FILTERS });
    if (expr.kind === "test") used({ ...expr, table: TESTS });
    if (expr.kind !== "call") return;
    const isMacro = macros.has(expr.name);
    used({ ...expr, kind: isMacro ? "macro" : "call", table: isMacro ? macros : FUNCTIONS });
  };
  const visitNode = (node: Node) => {
    if (node.kind !== "filtered") return;
    for (const filter of node.filters) used({ ...filter, table: FILTERS });
  };
  eachExpr(template, visitExpr, visitNode);
}

/** Variables named in a template, without those it makes itself (`set`, loops, macros). Empty when it cannot be read. */
export function references(source: string): Reference[] {
  const template = tryTemplate(source);
  if (template instanceof ExprError) return [];
  const local = new Set<string>(["loop"]);
  for (const macro of template.macros.values()) for (const { name } of macro.params) local.add(name);
  const inner = new Set<Expr>();
  const found: Reference[] = [];
  const visitNode = (node: Node) => {
    if (node.kind === "for" || node.kind === "set") local.add(node.name);
  };
  eachExpr(
    template,
    (expr) => {
      if (inner.has(expr)) return;
      const reference = referenceOf(expr, inner);
      if (reference !== undefined) found.push({ ...reference, ...placeOf(source, reference.at) });
    },
    visitNode,
  );
  return found
    .filter(({ root }) => !local.has(root))
    .map(({ root, path, line, column }) => ({ root, path, line, column }));
}

/** The longest path known without evaluating; its parts are noted so that they are not found again. */
function referenceOf(expr: Expr, inner: Set<Expr>): { root: string; path: string[]; at: number } | undefined {
  if (expr.kind === "name") return { root: expr.name, path: [], at: expr.at };
  if (expr.kind !== "attribute" && expr.kind !== "index") return undefined;
  inner.add(expr.of);
  const outer = referenceOf(expr.of, inner);
  if (outer === undefined || isCut(expr.of)) return outer;
  if (expr.kind === "attribute") return { ...outer, path: [...outer.path, expr.name] };
  if (expr.key.kind !== "literal" || expr.key.value === null) return outer;
  return { ...outer, path: [...outer.path, String(expr.key.value)] };
}

/** Whether the path stopped within `expr` at a computed key. */
function isCut(expr: Expr): boolean {
  if (expr.kind === "attribute") return isCut(expr.of);
  if (expr.kind !== "index") return false;
  return expr.key.kind !== "literal" || expr.key.value === null || isCut(expr.of);
}
