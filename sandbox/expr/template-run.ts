import type { CallArgs, Macro, Node, Template } from "./ast.ts";
import { newCall } from "./call.ts";
import type { Call } from "./entry.ts";
import { argumentError, ExprError, NeedsLookup, typeError } from "./errors.ts";
import { Evaluator } from "./evaluator.ts";
import { type Frame, newFrame } from "./frame.ts";
import { compareNumbers, isNumber } from "./numbers.ts";
import type { Run } from "./run.ts";
import { type Sink, TextSink } from "./sink.ts";
import { isList, isMap, mapEntries, newMap, type Value } from "./value.ts";

/** Runs the nodes of a template into a sink. */
export class TemplateRun extends Evaluator {
  private madeCall: Call | undefined;
  private readonly multiPass: boolean;

  constructor(run: Run, template: Template, frame: Frame | undefined, multiPass = false) {
    super(run, template, frame);
    this.multiPass = multiPass;
  }

  protected get call(): Call {
    this.madeCall ??= newCall(this.run, {
      block: (name) => this.block(name),
      nested: (template, multiPass) => new TemplateRun(this.run, template, this.frame, multiPass),
    });
    return this.madeCall;
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
      found = value === null ? "it is null" : isList(value) ? "it is a list" : "it is a map";
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
    const items = this.located(node.list.at, () => iterable(value));
    if (items.length === 0) this.exec(node.otherwise, sink);
    const outer = this.frame;
    items.forEach((item, index) => {
      this.run.turn();
      this.frame = newFrame(outer, [
        [node.name, item],
        ["loop", loopVariable(index, items.length)],
      ]);
      try {
        this.exec(node.body, sink);
      } finally {
        this.frame = outer;
      }
    });
  }

  /** Sets the variable where it exists already, else in the innermost frame. */
  private assign(name: string, value: Value): void {
    this.frame ??= newFrame(undefined);
    let target: Frame = this.frame;
    for (let frame: Frame | undefined = this.frame; frame !== undefined; frame = frame.up) {
      if (frame.vars.has(name)) {
        target = frame;
        break;
      }
    }
    target.vars.set(name, value);
  }

  private filtered(node: Extract<Node, { kind: "filtered" }>, sink: Sink): void {
    let value: Value = this.text(node.body);
    for (const { name, args, at } of node.filters) value = this.applyFilter(name, value, args, at);
    sink.value(value);
  }

  private block(name: string): string {
    const body = this.template.blocks.get(name);
    if (body === undefined) throw argumentError(`The block [${name}] does not exist in this template.`);
    return this.run.nested(() => this.text(body));
  }

  protected callMacro(macro: Macro, given: CallArgs): Value {
    const { positional, named } = this.args(given);
    const outer = this.frame;
    const frame = newFrame(undefined);
    return this.run.nested(() => {
      this.frame = frame;
      try {
        macro.params.forEach((param, index) => {
          const fallback = param.default === null ? null : this.evaluate(param.default);
          frame.vars.set(param.name, named.get(param.name) ?? positional[index] ?? fallback);
        });
        return this.text(macro.body);
      } finally {
        this.frame = outer;
      }
    });
  }
}

function iterable(value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (value !== null && isMap(value)) {
    return mapEntries(value).map(([key, item]) => {
      const entry = newMap();
      entry.key = key;
      entry.value = item;
      return entry;
    });
  }
  throw typeError(`Not an iterable object. Value = [${String(value)}]: loop over a list or a map.`);
}

function loopVariable(index: number, length: number): Value {
  const loop = newMap();
  loop.index = index;
  loop.length = length;
  loop.first = index === 0;
  loop.last = index === length - 1;
  loop.revindex = length - 1 - index;
  return loop;
}
