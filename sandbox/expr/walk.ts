import type { CallArgs, Expr, Node, Template } from "./ast.ts";

/** Visits every node and expression of a template, outer before inner, in the order of the text. */
export function eachExpr(template: Template, visit: (expr: Expr) => void, visitNode: (node: Node) => void): void {
  const exprs = (expr: Expr): void => {
    visit(expr);
    for (const part of partsOf(expr)) exprs(part);
  };
  const nodes = (list: readonly Node[]): void => {
    for (const node of list) {
      visitNode(node);
      for (const expr of exprsOf(node)) exprs(expr);
      for (const body of bodiesOf(node)) nodes(body);
    }
  };
  nodes(template.nodes);
  for (const body of template.blocks.values()) nodes(body);
  for (const macro of template.macros.values()) {
    for (const param of macro.params) if (param.fallback !== null) exprs(param.fallback);
    nodes(macro.body);
  }
}

/** The expression and all that it is made of. */
export function* within(expr: Expr): Iterable<Expr> {
  yield expr;
  for (const part of partsOf(expr)) yield* within(part);
}

function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "name":
      return [];
    case "attribute":
    case "unary":
      return [expr.of];
    case "index":
      return [expr.of, expr.key];
    case "list":
      return expr.items;
    case "interpolation":
      return expr.parts;
    case "map":
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case "binary":
      return [expr.left, expr.right];
    case "ternary":
      return [expr.condition, expr.then, expr.otherwise];
    case "filter":
    case "test":
      return [expr.input, ...argsOf(expr.args)];
    case "call":
      return argsOf(expr.args);
  }
}

function argsOf(args: CallArgs): Expr[] {
  return [...args.positional, ...args.named.map(({ value }) => value)];
}

function exprsOf(node: Node): readonly Expr[] {
  switch (node.kind) {
    case "print":
    case "set":
      return [node.value];
    case "if":
      return node.branches.map(({ condition }) => condition);
    case "for":
      return [node.list];
    case "filtered":
      return node.filters.flatMap(({ args }) => argsOf(args));
    default:
      return [];
  }
}

function bodiesOf(node: Node): readonly (readonly Node[])[] {
  if (node.kind === "if") return [...node.branches.map(({ body }) => body), node.otherwise];
  if (node.kind === "for") return [node.body, node.otherwise];
  return node.kind === "filtered" ? [node.body] : [];
}
