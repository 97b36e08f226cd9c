import type { CallArgs, Expr, Node, Template } from "./ast.ts";
import { argsProblem, type Shape } from "./bind.ts";
import { FILTERS, FUNCTIONS, TESTS } from "./catalogue.ts";
import type { Called } from "./entry.ts";
import { type ExprCode, ExprError, type ExprProblem, placeOf, toProblem } from "./errors.ts";
import { unknownName } from "./nearest.ts";
import { attributeMissing, operandMissing, rootMissing } from "./not-found.ts";
import { tryTemplate } from "./template-cache.ts";
import { eachExpr, within } from "./walk.ts";

/** A variable that a template names: `outputs.a['b'].c` has the root `outputs` and the path a, b, c. */
export type Reference = {
  root: string;
  path: string[];
  line: number;
  column: number;
};

/** A name that a template looks for where it is known not to be. */
export type MissingName = {
  /** What a run would say. */
  problem: ExprProblem;
  /** The path up to the name, which is its last part. */
  path: readonly string[];
  /** `??`, `default` or `is defined` asks for it, so that it may be missing. */
  isOptional: boolean;
};

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
  return pathsIn(source).map((found) => {
    const [root, ...path] = found.names;
    return { root: root?.name ?? "", path: path.map(({ name }) => name), ...placeOf(source, root?.at ?? 0) };
  });
}

/**
 * Names that a template looks for and that are not there, each path's first one. `known` gives the names there are below a path (of no
 * path, the variables), or undefined when anything may be there.
 */
export function missingNames(
  source: string,
  known: (path: readonly string[]) => readonly string[] | undefined,
): MissingName[] {
  return pathsIn(source).flatMap(({ names, isOptional, operator }) => {
    for (const [depth, { name, at }] of names.entries()) {
      const above = names.slice(0, depth).map((part) => part.name);
      const there = known(above);
      if (there === undefined) return [];
      if (there.includes(name)) continue;
      const error =
        depth === 0
          ? rootMissing(name, there, source, at)
          : attributeMissing(name, Object.fromEntries(there.map((key) => [key, null])), source, at);
      if (operator !== undefined) error.message = operandMissing(operator, error.message);
      return [{ problem: toProblem(error, source), path: [...above, name], isOptional }];
    }
    return [];
  });
}

type FoundName = { name: string; at: number };
/** `operator`: what it is a side of. */
type FoundPath = { names: readonly FoundName[]; isOptional: boolean; operator: string | undefined };

/** The longest paths that are known without evaluating, from the context's variables on. */
function pathsIn(source: string): FoundPath[] {
  const template = tryTemplate(source);
  if (template instanceof ExprError) return [];
  const local = new Set<string>(["loop"]);
  for (const macro of template.macros.values()) for (const { name } of macro.params) local.add(name);
  const inner = new Set<Expr>();
  const forgiven = new Set<Expr>();
  const operators = new Map<Expr, string>();
  const found: FoundPath[] = [];
  const visitNode = (node: Node) => {
    if (node.kind === "for" || node.kind === "set") local.add(node.name);
  };
  const visitExpr = (expr: Expr) => {
    const asked = mayBeMissing(expr);
    if (asked !== undefined) for (const part of within(asked)) forgiven.add(part);
    if (expr.kind === "binary") for (const side of [expr.left, expr.right]) operators.set(side, expr.op);
    if (inner.has(expr)) return;
    const names = namesOf(expr, inner);
    if (names !== undefined) found.push({ names, isOptional: forgiven.has(expr), operator: operators.get(expr) });
  };
  eachExpr(template, visitExpr, visitNode);
  return found.filter(({ names: [root] }) => !local.has(root?.name ?? ""));
}

/** The part of `expr` that is asked for with leave to be missing. */
function mayBeMissing(expr: Expr): Expr | undefined {
  if (expr.kind === "binary" && (expr.op === "??" || expr.op === "???")) return expr.left;
  if (expr.kind === "filter" && FILTERS.get(expr.name)?.takesUndefined) return expr.input;
  if (expr.kind === "test" && TESTS.get(expr.name)?.takesUndefined) return expr.input;
  return undefined;
}

/** The names along a path; its parts are noted in `inner` so that they are not found again. */
function namesOf(expr: Expr, inner: Set<Expr>): readonly FoundName[] | undefined {
  if (expr.kind === "name") return [{ name: expr.name, at: expr.at }];
  if (expr.kind !== "attribute" && expr.kind !== "index") return undefined;
  inner.add(expr.of);
  const outer = namesOf(expr.of, inner);
  if (outer === undefined || isCut(expr.of)) return outer;
  if (expr.kind === "attribute") return [...outer, { name: expr.name, at: expr.at }];
  if (expr.key.kind !== "literal" || expr.key.value === null) return outer;
  return [...outer, { name: String(expr.key.value), at: expr.at }];
}

/** Whether the path stopped within `expr` at a computed key. */
function isCut(expr: Expr): boolean {
  if (expr.kind === "attribute") return isCut(expr.of);
  if (expr.kind !== "index") return false;
  return expr.key.kind !== "literal" || expr.key.value === null || isCut(expr.of);
}
