import type * as z from "zod";
import { checkTemplate } from "#expr/index.ts";
import { conform, formatPath, type Issue, type PropertyPath } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import type { Problem, ProblemCode } from "#schema/problem.ts";
import type { YamlDocument } from "./read-yaml.ts";

/** More problems than this are not collected: nobody reads them. */
const MAX_PROBLEMS = 200;

/** Collects the problems of one document and gives each its place. */
export class Reporter {
  readonly problems: Problem[];
  readonly #document: YamlDocument;

  constructor(document: YamlDocument) {
    this.#document = document;
    this.problems = [...document.problems];
  }

  add(issue: Issue): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const { code, message, path, on, severity } = issue;
    const at = this.#document.place(path, on);
    this.problems.push({ code, message, path: formatPath(path), ...(at && { at }), ...(severity && { severity }) });
  }

  error(code: ProblemCode, path: PropertyPath, message: string, on: "key" | "value" = "value"): void {
    this.add({ code, path, message, on });
  }

  warning(code: ProblemCode, path: PropertyPath, message: string): void {
    this.add({ code, path, message, on: "key", severity: "warning" });
  }

  /** Converts `value` to `schema`, reports what does not fit, and checks the expressions of dynamic properties. */
  conform(schema: z.ZodType, value: Json, at: PropertyPath): unknown {
    const { value: converted, issues } = conform(schema, value, {
      mode: "source",
      at,
      textAt: this.textAt,
      onTemplate: (path, template) => this.template(path, template),
    });
    for (const issue of issues) this.add(issue);
    return converted;
  }

  readonly textAt = (path: PropertyPath): string | undefined => this.#document.textAt(path);

  /** Reports what is wrong with an expression: syntax refuses the flow, the rest warns, since it may never be reached. */
  template(path: PropertyPath, template: string): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    for (const { code, message, line, column } of checkTemplate(template)) {
      const at = this.#document.placeInText(path, line, column);
      const severity = code === "EXPR_SYNTAX" ? undefined : "warning";
      this.problems.push({ code, message, path: formatPath(path), ...(at && { at }), ...(severity && { severity }) });
    }
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity = "error" }) => severity === "error");
  }
}
