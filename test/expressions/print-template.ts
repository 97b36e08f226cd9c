import type { CallArgs, Expr, Node, Template } from "#expr/ast.ts";
import { Double } from "#expr/value.ts";

// Trees back to text, so that reading can be tested against writing. Everything that has parts stands in parentheses.

export function printTemplate({ nodes, macros, blocks }: Template): string {
  const printer = new Printer(blocks);
  const heads = [...macros.values()].map(({ name, params, body }) => {
    const list = params.map((param) =>
      param.fallback === null ? param.name : `${param.name}=${printExpression(param.fallback)}`,
    );
    return `{% macro ${name}(${list.join(", ")}) %}${printer.nodes(body)}{% endmacro %}`;
  });
  return heads.join("") + printer.nodes(nodes);
}

class Printer {
  private readonly blocks: Template["blocks"];

  constructor(blocks: Template["blocks"]) {
    this.blocks = blocks;
  }

  nodes(nodes: readonly Node[]): string {
    return nodes.map((node) => this.node(node)).join("");
  }

  private node(node: Node): string {
    switch (node.kind) {
      case "text":
        return node.text;
      case "raw":
        return `{% raw %}${node.text}{% endraw %}`;
      case "print":
        return `{{ ${printExpression(node.value)} }}`;
      case "set":
        return `{% set ${node.name} = ${printExpression(node.value)} %}`;
      case "if": {
        const [first, ...others] = node.branches.map(
          ({ condition, body }) => `if ${printExpression(condition)} %}${this.nodes(body)}`,
        );
        const rest = others.map((branch) => `{% else${branch}`).join("");
        return `{% ${first}${rest}${this.otherwise(node.otherwise)}{% endif %}`;
      }
      case "for":
        return `{% for ${node.name} in ${printExpression(node.list)} %}${this.nodes(node.body)}${this.otherwise(node.otherwise)}{% endfor %}`;
      case "block":
        return `{% block ${quoted(node.name)} %}${this.nodes(this.blocks.get(node.name) ?? [])}{% endblock %}`;
      case "filtered": {
        const filters = node.filters.map(({ name, args }) => name + printArgs(args)).join(" | ");
        return `{% filter ${filters} %}${this.nodes(node.body)}{% endfilter %}`;
      }
    }
  }

  private otherwise(nodes: readonly Node[]): string {
    return nodes.length === 0 ? "" : `{% else %}${this.nodes(nodes)}`;
  }
}

export function printExpression(expr: Expr): string {
  switch (expr.kind) {
    case "literal":
      return printLiteral(expr.value);
    case "name":
      return expr.name;
    case "attribute":
      return `${printTarget(expr.of)}[${quoted(expr.name)}]`;
    case "index":
      return `${printTarget(expr.of)}[${printExpression(expr.key)}]`;
    case "list":
      return `[${expr.items.map(printExpression).join(", ")}]`;
    case "map":
      return `{${expr.entries.map(({ key, value }) => `${printExpression(key)}: ${printExpression(value)}`).join(", ")}}`;
    case "interpolation":
      return `"${expr.parts.map(printPart).join("")}"`;
    case "unary":
      return `(${expr.op} ${printExpression(expr.of)})`;
    case "binary":
      return `(${printExpression(expr.left)} ${expr.op} ${printExpression(expr.right)})`;
    case "ternary":
      return `(${printExpression(expr.condition)} ? ${printExpression(expr.then)} : ${printExpression(expr.otherwise)})`;
    case "filter":
      return `(${printExpression(expr.input)} | ${expr.name}${printArgs(expr.args)})`;
    case "test":
      return `(${printExpression(expr.input)} is ${expr.negated ? "not " : ""}${expr.name}${printArgs(expr.args)})`;
    case "call":
      return `${expr.name}${printArgs(expr.args) || "()"}`;
  }
}

function printTarget(expr: Expr): string {
  const isPath = ["name", "attribute", "index", "call"].includes(expr.kind);
  return isPath ? printExpression(expr) : `(${printExpression(expr)})`;
}

/** Texts of an interpolation stand at its even places. */
function printPart(part: Expr, index: number): string {
  if (index % 2 === 1) return `#{${printExpression(part)}}`;
  return part.kind === "literal" ? String(part.value).replaceAll('"', '\\"') : "";
}

function printArgs({ positional, named }: CallArgs): string {
  const all = [
    ...positional.map(printExpression),
    ...named.map(({ name, value }) => `${name}=${printExpression(value)}`),
  ];
  return all.length === 0 ? "" : `(${all.join(", ")})`;
}

function printLiteral(value: Extract<Expr, { kind: "literal" }>["value"]): string {
  if (typeof value === "string") return quoted(value);
  if (value instanceof Double) return `${BigInt(value.value)}.0`;
  return value === null ? "null" : String(value);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
