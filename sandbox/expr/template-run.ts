import type { Macro, Node, Template } from "./ast.ts";
import { argsProblem, type Given } from "./bind.ts";
import { type Host, RunCall } from "./call.ts";
import type { Call } from "./entry.ts";
import { argumentError, ExprError, locate, NeedsLookup, typeError } from "./errors.ts";
import { Evaluator } from "./evaluator.ts";
import { Frame } from "./frame.ts";
import { shown } from "./growth.ts";
import { LoopVariable } from "./loop-variable.ts";
import { nearest } from "./nearest.ts";
import { compareNumbers, isNumber } from "./numbers.ts";
import type { Run } from "./run.ts";
import { type Sink, TextSink } from "./sink.ts";
import { className, isList, isMap, mapEntries, mapOf, type Value } from "./value.ts";

/** Runs the nodes of a template into a sink. */
export class TemplateRun extends Evaluator implements Host {
  private madeCall: Call | undefined;
  private readonly multiPass: boolean;

  constructor(run: Run, template: Template, frame: Frame | undefined, multiPass = false) {
    super(run, template, frame);
    this.multiPass = multiPass;
  }

  protected get call(): Call {
    this.madeCall ??= new RunCall(this.run, this);
    return this.madeCall;
  }

  /** A run of another template that sees the same variables. */
  within(template: Template): TemplateRun {
    return new TemplateRun(this.run, template, this.frame, true);
  }

  /** X4. A print that waits for an answer of the world does not keep later prints from asking for theirs. */
  exec(nodes: readonly Node[], sink: Sink): void {
    for (const node of nodes) {
      try {
        this.node(node, sink);
      } catch (error) {
        if (!(error instanceof NeedsLookup)) throw error;
        this.run.note(error);
        if (node.kind === "set") throw error;
      }
    }
  }

  text(nodes: readonly Node[]): string {
    const sink = new TextSink(this.run);
    this.exec(nodes, sink);
    return sink.out;
  }

  private node(node: Node, sink: Sink): void {
    switch (node.kind) {
      case "text":
        sink.text(node.text);
        break;
      case "raw":
        sink.text(this.multiPass ? this.run.setAside(node.text) : node.text);
        break;
      case "print":
        sink.value(this.evaluate(node.value));
        break;
      case "if":
        this.conditional(node, sink);
        break;
      case "for":
        this.loop(node, sink);
        break;
      case "set":
        this.assign(node.name, this.evaluate(node.value));
        break;
      case "block":
        sink.text(this.block(node.name));
        break;
      case "filtered":
        this.filtered(node, sink);
        break;
    }
  }

  private conditional(node: Extract<Node, { kind: "if" }>, sink: Sink): void {
    const branch = node.branches.find(({ condition }) => this.condition(condition));
    this.exec(branch?.body ?? node.otherwise, sink);
  }

  private condition(condition: Extract<Node, { kind: "if" }>["branches"][number]["condition"]): boolean {
    let found: string;
    try {
      const value = this.evaluate(condition);
      if (typeof value === "boolean") return value;
      if (typeof value === "string") return value !== "";
      if (isNumber(value)) return compareNumbers(value, 0) !== 0;
      found = value === null ? "it is null." : isList(value) ? "it is a list." : "it is a map.";
    } catch (error) {
      if (!(error instanceof ExprError) || !error.notFound) throw error;
      found = error.message;
    }
    throw new ExprError(
      "EXPR_TYPE",
      `Wrong operand(s) type in conditional expression: a condition is a boolean, number or text, but ${found}`,
      condition.at,
    );
  }

  private loop(node: Extract<Node, { kind: "for" }>, sink: Sink): void {
    const value = this.evaluate(node.list);
    if (value === null) return;
    const items = iterable(value, node.list.at);
    if (items.length === 0) this.exec(node.otherwise, sink);
    const outer = this.frame;
    try {
      for (let index = 0; index < items.length; index++) {
        this.run.turn();
        const loop = new LoopVariable(index, items.length);
        this.frame = new Frame(outer, [node.name, "loop"], [items[index] ?? null, loop]);
        this.exec(node.body, sink);
      }
    } finally {
      this.frame = outer;
    }
  }

  private assign(name: string, value: Value): void {
    this.frame ??= new Frame(undefined);
    this.frame.assign(name, value);
  }

  private filtered(node: Extract<Node, { kind: "filtered" }>, sink: Sink): void {
    let value: Value = this.text(node.body);
    for (const use of node.filters) value = this.applyFilter(this.filterOf(use), value, use);
    sink.value(value);
  }

  block(name: string): string {
    const body = this.template.blocks.get(name);
    if (body === undefined) {
      throw argumentError(
        `The block [${name}] does not exist in this template.${nearest(name, this.template.blocks.keys())}`,
      );
    }
    return this.run.nested(() => this.text(body));
  }

  protected callMacro(macro: Macro, { positional, named }: Given): Value {
    const problem = argsProblem(
      { args: macro.params },
      { kind: "macro", name: macro.name },
      positional.length,
      named === null ? [] : [...named.keys()],
    );
    if (problem !== null) throw argumentError(problem);
    const outer = this.frame;
    const frame = new Frame(undefined);
    return this.run.nested(() => {
      this.frame = frame;
      try {
        macro.params.forEach((param, index) => {
          const fallback = param.fallback === null ? null : this.evaluate(param.fallback);
          frame.declare(param.name, named?.get(param.name) ?? positional[index] ?? fallback);
        });
        return this.text(macro.body);
      } finally {
        this.frame = outer;
      }
    });
  }
}

function iterable(value: Value, at: number): readonly Value[] {
  if (isList(value)) return value;
  if (value !== null && isMap(value)) {
    try {
      return mapEntries(value).map(([key, item]) => mapOf({ key, value: item }));
    } catch (error) {
      throw locate(error, at);
    }
  }
  throw locate(
    typeError(
      `Not an iterable object. Value = [${shown(String(value))}] (${className(value)}): loop over a list or a map.`,
    ),
    at,
  );
}
