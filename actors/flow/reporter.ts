import type * as z from "zod";
import { checkTemplate, type ExprProblem } from "#expr/index.ts";
import { conform, formatPath, type Issue, type PropertyPath } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import type { Problem, ProblemCode } from "#schema/problem.ts";
import type { YamlDocument } from "./read-yaml.ts";

/** More problems than this are not collected: nobody reads them. */
const MAX_PROBLEMS = 200;

/** Collects the problems of one document and gives each its place. */
export class Reporter {
  readonly problems: Problem[];
  /** Every expression that was met and can be read, with the path of its property. */
  readonly templates: { path: PropertyPath; template: string }[] = [];
  readonly #document: YamlDocument;
  readonly #judgesExpressions: boolean;

  constructor(document: YamlDocument, { judgesExpressions }: { judgesExpressions: boolean }) {
    this.#document = document;
    this.#judgesExpressions = judgesExpressions;
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

  /** Reports what is wrong with an expression by itself. What no run can do refuses the flow. */
  template(path: PropertyPath, template: string): void {
    if (!this.#judgesExpressions || this.problems.length >= MAX_PROBLEMS) return;
    const problems = checkTemplate(template);
    for (const problem of problems) this.inTemplate(path, problem, isCertain(problem) ? "error" : "warning");
    if (!problems.some(isCertain)) this.templates.push({ path, template });
  }

  /** Reports a problem whose line and column count within the text at `path`. */
  inTemplate(path: PropertyPath, problem: ExprProblem, severity: "error" | "warning"): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const { code, message, line, column } = problem;
    const at = this.#document.placeInText(path, line, column);
    const added: Problem = { code, message, path: formatPath(path), ...(at && { at }) };
    this.problems.push(severity === "error" ? added : { ...added, severity });
  }

  get hasErrors(): boolean {
    return this.problems.some(({ severity = "error" }) => severity === "error");
  }
}

/** True of what cannot run, whatever the execution. */
function isCertain({ code }: ExprProblem): boolean {
  return code === "EXPR_SYNTAX" || code === "EXPR_UNKNOWN_NAME";
}
