import type { CallArgs, Expr, Macro, Template } from "./ast.ts";
import { bindArgs } from "./bind.ts";
import { FILTERS, FUNCTIONS, TESTS } from "./catalogue.ts";
import type { Call } from "./entry.ts";
import { ExprError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { nearest } from "./nearest.ts";
import { attributeMissing, operandMissing, rootMissing } from "./not-found.ts";
import { isInteger, isNumber, numberText } from "./numbers.ts";
import { ARITHMETIC_NAMES, BINARY, negate, not, operandTruth, truthOf } from "./operators.ts";
import type { Run } from "./run.ts";
import { fromOutside, isList, isMap, mapGet, newMap, shortClassName, type Value } from "./value.ts";

/** Looking for the nearest name is dear, and `??` can ask for it again and again. */
const NOT_FOUND_STEPS = 500;

/**
 * Evaluates expressions of one template. Tags, macros and blocks are the subclass's part.
 *
 * X1. A name means a local variable or an own entry of the context; an attribute means an own entry of a map or an
 *     element of a list. No prototype is ever read.
 * X2. What is not there is an error, except where `??`, `???`, `default` and `is defined` ask.
 * X3. Every node costs at least one step.
 */
export abstract class Evaluator {
  protected readonly run: Run;
  protected readonly template: Template;
  protected frame: Frame | undefined;

  constructor(run: Run, template: Template, frame: Frame | undefined) {
    this.run = run;
    this.template = template;
    this.frame = frame;
  }

  protected abstract readonly call: Call;
  protected abstract callMacro(macro: Macro, args: CallArgs): Value;

  evaluate(expr: Expr): Value {
    this.run.step();
    switch (expr.kind) {
      case "literal":
        return expr.value;
      case "name":
      case "attribute":
      case "index": {
        const value = this.find(expr);
        return value === undefined ? this.notFound(expr) : value;
      }
      case "list":
        return expr.items.map((item) => this.evaluate(item));
      case "map":
        return this.map(expr);
      case "interpolation":
        return expr.parts.map((part) => this.run.print(this.evaluate(part))).join("");
      case "unary":
        return this.unary(expr);
      case "binary":
        return this.binary(expr);
      case "ternary":
        return this.evaluate(this.ternaryTruth(expr) ? expr.then : expr.otherwise);
      case "filter":
        return this.filter(expr);
      case "test":
        return this.test(expr) !== expr.negated;
      case "call":
        return this.callFunction(expr);
    }
  }

  /** The value, or undefined when a variable or attribute on its way is not there. */
  protected lookFor(expr: Expr): Value | undefined {
    if (expr.kind === "name" || expr.kind === "attribute" || expr.kind === "index") return this.find(expr);
    try {
      return this.evaluate(expr);
    } catch (error) {
      if (error instanceof ExprError && error.notFound) return undefined;
      throw error;
    }
  }

  private find(expr: Expr): Value | undefined {
    switch (expr.kind) {
      case "name":
        return this.variable(expr.name);
      case "attribute": {
        const target = this.lookFor(expr.of);
        return target === undefined ? undefined : attribute(target, expr.name);
      }
      case "index": {
        const target = this.lookFor(expr.of);
        return target === undefined ? undefined : attribute(target, this.key(expr.key));
      }
      default:
        return this.evaluate(expr);
    }
  }

  /** A key other than a number is a text. */
  private key(expr: Expr): Value {
    const key = this.evaluate(expr);
    return key === null || isNumber(key) ? key : this.run.print(key);
  }

  private variable(name: string): Value | undefined {
    for (let frame = this.frame; frame !== undefined; frame = frame.up) {
      const value = frame.vars.get(name);
      if (value !== undefined) return value;
    }
    return fromOutside(this.run.ctx.scope.get(name));
  }

  /** Walks the path again to say which part of it is missing. */
  private notFound(expr: Expr): never {
    this.run.step(NOT_FOUND_STEPS);
    if (expr.kind !== "attribute" && expr.kind !== "index") {
      const name = expr.kind === "name" ? expr.name : "";
      throw rootMissing(name, this.visibleNames(), this.template.source, expr.at);
    }
    const target = this.lookFor(expr.of);
    if (target === undefined) return this.notFound(expr.of);
    if (target === null && expr.of.kind === "name") {
      throw rootMissing(expr.of.name, this.visibleNames(), this.template.source, expr.at, "it is null");
    }
    const name = expr.kind === "attribute" ? expr.name : this.run.print(this.evaluate(expr.key));
    throw attributeMissing(name, target, this.template.source, expr.at);
  }

  private *visibleNames(): Iterable<string> {
    for (let frame = this.frame; frame !== undefined; frame = frame.up) yield* frame.vars.keys();
    yield* this.run.ctx.scope.keys();
  }

  private map(expr: Extract<Expr, { kind: "map" }>): Value {
    const map = newMap();
    for (const { key, value } of expr.entries) map[this.run.print(this.evaluate(key))] = this.evaluate(value);
    return map;
  }

  private unary(expr: Extract<Expr, { kind: "unary" }>): Value {
    const value = this.evaluate(expr.of);
    return this.located(expr.at, () => {
      if (expr.op === "not") return not(value);
      if (expr.op === "-") return negate(value);
      return isNumber(value) ? value : negate(value);
    });
  }

  private binary(expr: Extract<Expr, { kind: "binary" }>): Value {
    switch (expr.op) {
      case "??":
        return this.lookFor(expr.left) ?? this.evaluate(expr.right);
      case "???": {
        const left = this.lookFor(expr.left);
        return left === undefined ? this.evaluate(expr.right) : left;
      }
      case "and":
        return this.operand(expr.left, "and") && this.operand(expr.right, "and");
      case "or":
        return this.operand(expr.left, "or") || this.operand(expr.right, "or");
    }
    const operator = BINARY.get(expr.op);
    if (operator === undefined) throw new ExprError("EXPR_SYNTAX", `Unknown operator ${expr.op}`, expr.at);
    const left = this.side(expr, expr.left);
    const right = this.side(expr, expr.right);
    return this.located(expr.at, () => operator(left, right, this.run));
  }

  /** A side of an operator. A missing name in a subtraction is most often a `-` in an id. */
  private side(expr: Extract<Expr, { kind: "binary" }>, side: Expr): Value {
    if (!ARITHMETIC_NAMES.has(expr.op)) return this.evaluate(side);
    try {
      return this.evaluate(side);
    } catch (error) {
      if (!(error instanceof ExprError) || !error.notFound) throw error;
      throw new ExprError(error.code, operandMissing(expr.op, error.message), error.at);
    }
  }

  private operand(expr: Expr, operator: string): boolean {
    const value = this.evaluate(expr);
    return typeof value === "boolean" ? value : this.located(expr.at, () => operandTruth(value, operator));
  }

  private ternaryTruth(expr: Extract<Expr, { kind: "ternary" }>): boolean {
    const value = this.evaluate(expr.condition);
    const truth = value === null ? false : truthOf(value);
    if (truth !== undefined) return truth;
    const type = shortClassName(value);
    throw new ExprError(
      "EXPR_TYPE",
      `Unsupported value type ${type} as condition: compare it or take its length.`,
      expr.at,
    );
  }

  private filter(expr: Extract<Expr, { kind: "filter" }>): Value {
    const filter = FILTERS.get(expr.name);
    if (filter === undefined) throw this.unknown("Filter", expr.name, FILTERS.keys(), expr.at);
    const input = filter.takesUndefined ? (this.lookFor(expr.input) ?? null) : this.evaluate(expr.input);
    return this.applyFilter(expr.name, input, expr.args, expr.at);
  }

  applyFilter(name: string, input: Value, given: CallArgs, at: number): Value {
    const filter = FILTERS.get(name);
    if (filter === undefined) throw this.unknown("Filter", name, FILTERS.keys(), at);
    const { positional, named } = this.args(given);
    return this.located(at, () => {
      const args = bindArgs(filter, `'${name}' filter`, positional, named);
      if (input === null && !filter.takesNull) return null;
      return this.charged(filter.run(input, args, this.call), input);
    });
  }

  private test(expr: Extract<Expr, { kind: "test" }>): boolean {
    const test = TESTS.get(expr.name);
    if (test === undefined) throw this.unknown("Test", expr.name, TESTS.keys(), expr.at);
    const input = test.takesUndefined ? (this.lookFor(expr.input) ?? null) : this.evaluate(expr.input);
    const { positional, named } = this.args(expr.args);
    if (typeof input === "string") this.run.step(input.length >> 6);
    return this.located(expr.at, () => test.run(input, bindArgs(test, `'${expr.name}' test`, positional, named)));
  }

  private callFunction(expr: Extract<Expr, { kind: "call" }>): Value {
    const macro = this.template.macros.get(expr.name);
    if (macro !== undefined) return this.located(expr.at, () => this.callMacro(macro, expr.args));
    const func = FUNCTIONS.get(expr.name);
    if (func === undefined) throw this.unknown("Function or Macro", expr.name, FUNCTIONS.keys(), expr.at);
    const { positional, named } = this.args(expr.args);
    return this.located(expr.at, () =>
      this.charged(func.run(bindArgs(func, `'${expr.name}' function`, positional, named), this.call)),
    );
  }

  protected args(args: CallArgs): { positional: Value[]; named: Map<string, Value> } {
    const positional = args.positional.map((arg) => this.argument(arg));
    return { positional, named: new Map(args.named.map(({ name, value }) => [name, this.argument(value)])) };
  }

  private argument(expr: Expr): Value {
    const value = this.evaluate(expr);
    if (typeof value === "string") this.run.chargeText(value.length, false);
    return value;
  }

  private unknown(kind: string, name: string, names: Iterable<string>, at: number): ExprError {
    return new ExprError("EXPR_UNKNOWN_NAME", `${kind} [${name}] does not exist.${nearest(name, names)}`, at);
  }

  /** The result of a filter or function. Long texts and lists cost steps, whoever makes them. */
  private charged(value: Value, input: Value = null): Value {
    if (typeof input === "string") this.run.chargeText(input.length, false);
    if (typeof value === "string") {
      this.run.size(value.length);
      this.run.chargeText(value.length, typeof input === "object" && input !== null);
    } else if (value !== null && isList(value)) this.run.step(value.length >> 2);
    return value;
  }

  /** Errors of `body` that know no place get this one. */
  protected located<T>(at: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof ExprError) error.at ??= at;
      throw error;
    }
  }
}

function attribute(target: Value, key: Value): Value | undefined {
  if (isList(target)) return element(target, key);
  if (target === null || !isMap(target) || key === null) return undefined;
  return mapGet(target, typeof key === "string" ? key : isNumber(key) ? numberText(key) : "");
}

function element(list: readonly Value[], key: Value): Value | undefined {
  const index = typeof key === "string" && /^\d{1,15}$/.test(key) ? Number(key) : key;
  return isInteger(index) ? list[Number(index)] : undefined;
}
