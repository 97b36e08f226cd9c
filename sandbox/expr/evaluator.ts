import type { CallArgs, Expr, FilterUse, Macro, Template } from "./ast.ts";
import { bindArgs, type Given } from "./bind.ts";
import { FILTERS, FUNCTIONS, TESTS } from "./catalogue.ts";
import type { Call, Called, Filter } from "./entry.ts";
import { ExprError, locate } from "./errors.ts";
import type { Frame } from "./frame.ts";
import { unknownName } from "./nearest.ts";
import { attributeMissing, operandMissing, rootMissing } from "./not-found.ts";
import { isInteger, isNumber, type Numeric, numberText } from "./numbers.ts";
import { ARITHMETIC_NAMES, BINARY, negate, not, operandTruth, plus, truthOf } from "./operators.ts";
import type { Run } from "./run.ts";
import { fromOutside, isList, isMap, mapGet, newMap, shortClassName, type Value } from "./value.ts";

const NO_VALUES: Given = { positional: [], named: null };
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
  protected abstract callMacro(macro: Macro, given: Given): Value;

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
        return expr.constant ?? expr.items.map((item) => this.evaluate(item));
      case "map":
        return expr.constant ?? this.map(expr);
      case "interpolation":
        return this.interpolation(expr);
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
        const { of } = expr;
        // Most paths are names and attributes alone: the shortest way for them.
        const target = of.kind === "name" ? this.variable(of.name) : this.lookFor(of);
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
  private key(expr: Expr): Key {
    const key = this.evaluate(expr);
    return key === null || isNumber(key) ? key : this.run.print(key);
  }

  private variable(name: string): Value | undefined {
    const local = this.frame?.find(name);
    return local === undefined ? fromOutside(this.run.ctx.scope.get(name)) : local;
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
    if (this.frame !== undefined) yield* this.frame.visible();
    yield* this.run.ctx.scope.keys();
  }

  private interpolation({ parts }: Extract<Expr, { kind: "interpolation" }>): string {
    let text = "";
    for (const part of parts) {
      const piece = this.run.print(this.evaluate(part));
      this.run.size(text.length + piece.length);
      text += piece;
    }
    return text;
  }

  private map(expr: Extract<Expr, { kind: "map" }>): Value {
    const map = newMap();
    for (const { key, value } of expr.entries) map[this.run.print(this.evaluate(key))] = this.evaluate(value);
    return map;
  }

  private unary(expr: Extract<Expr, { kind: "unary" }>): Value {
    const value = this.evaluate(expr.of);
    try {
      if (expr.op === "not") return not(value);
      return expr.op === "+" ? plus(value) : negate(value);
    } catch (error) {
      throw locate(error, expr.at);
    }
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
    try {
      return operator(left, right, this.run);
    } catch (error) {
      throw locate(error, expr.at);
    }
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
    if (typeof value === "boolean") return value;
    try {
      return operandTruth(value, operator);
    } catch (error) {
      throw locate(error, expr.at);
    }
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
    const filter = this.filterOf(expr);
    const input = filter.takesUndefined ? (this.lookFor(expr.input) ?? null) : this.evaluate(expr.input);
    return this.applyFilter(filter, input, expr);
  }

  protected filterOf({ name, at }: { name: string; at: number }): Filter {
    return FILTERS.get(name) ?? this.unknown("filter", name, FILTERS.keys(), at);
  }

  protected applyFilter(filter: Filter, input: Value, use: FilterUse): Value {
    const given = this.given(use.args);
    try {
      const args = bindArgs(filter, use, given);
      if (input === null && !filter.takesNull) return null;
      return this.charged(filter.run(input, args, this.call), input);
    } catch (error) {
      throw locate(error, use.at);
    }
  }

  private test(expr: Extract<Expr, { kind: "test" }>): boolean {
    const test = TESTS.get(expr.name) ?? this.unknown("test", expr.name, TESTS.keys(), expr.at);
    const input = test.takesUndefined ? (this.lookFor(expr.input) ?? null) : this.evaluate(expr.input);
    const given = this.given(expr.args);
    if (typeof input === "string") this.run.step(input.length >> 6);
    try {
      return test.run(input, bindArgs(test, expr, given));
    } catch (error) {
      throw locate(error, expr.at);
    }
  }

  private callFunction(expr: Extract<Expr, { kind: "call" }>): Value {
    const macro = this.template.macros.get(expr.name);
    const func = macro === undefined ? FUNCTIONS.get(expr.name) : undefined;
    if (macro === undefined && func === undefined) {
      return this.unknown("call", expr.name, [...this.template.macros.keys(), ...FUNCTIONS.keys()], expr.at);
    }
    const given = this.given(expr.args);
    try {
      if (func === undefined) return macro === undefined ? null : this.callMacro(macro, given);
      return this.charged(func.run(bindArgs(func, expr, given), this.call));
    } catch (error) {
      throw locate(error, expr.at);
    }
  }

  private given(args: CallArgs): Given {
    if (args.positional.length === 0 && args.named.length === 0) return NO_VALUES;
    const positional = args.positional.map((arg) => this.argument(arg));
    if (args.named.length === 0) return { positional, named: null };
    return { positional, named: new Map(args.named.map(({ name, value }) => [name, this.argument(value)])) };
  }

  private argument(expr: Expr): Value {
    const value = this.evaluate(expr);
    if (typeof value === "string") this.run.chargeText(value.length);
    return value;
  }

  private unknown(kind: Called["kind"], name: string, names: Iterable<string>, at: number): never {
    throw new ExprError("EXPR_UNKNOWN_NAME", unknownName(kind, name, names), at);
  }

  /** The result of a filter or function. Long texts and lists cost steps, whoever makes them. */
  private charged(value: Value, input: Value = null): Value {
    if (typeof input === "string") this.run.chargeText(input.length);
    if (typeof value === "string") {
      this.run.size(value.length);
      this.run.chargeText(value.length);
    } else if (value !== null && isList(value)) this.run.step(value.length >> 2);
    return value;
  }
}

/** What stands in brackets, when it can be a key at all. */
type Key = string | Numeric | null;

function attribute(target: Value, key: Key): Value | undefined {
  if (typeof target !== "object" || target === null || key === null) return undefined;
  if (isList(target)) return element(target, key);
  return isMap(target) ? mapGet(target, typeof key === "string" ? key : numberText(key)) : undefined;
}

function element(list: readonly Value[], key: string | Numeric): Value | undefined {
  const index = typeof key === "string" && /^\d{1,15}$/.test(key) ? Number(key) : key;
  return isInteger(index) ? list[Number(index)] : undefined;
}
