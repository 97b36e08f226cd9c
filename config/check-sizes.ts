// Budgets that are hard stops: lines of a file and of a function, tests that are switched off, promises without an
// issue number.
import { join } from "node:path";
import ts from "typescript";
import { isTestFile, readSources, type SourceFile, scriptOf } from "./source-files.ts";

export const MAX_FILE_LINES = 600;
export const TARGET_FILE_LINES = 350;
export const MAX_FUNCTION_LINES = 80;

export interface SizeReport {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const SWITCHED_OFF = /\b(?:test|it|describe)(?:\.\w+)*?\.(only|skip|todo)\b/;
const PROMISE = /\b(TODO|FIXME|XXX|HACK)\b/;
const ISSUE_NUMBER = /#\d+/;

/** Looks at each file. Lines count from 1. */
export function checkSizes(sources: readonly SourceFile[]): SizeReport {
  const errors: string[] = [];
  const warnings: string[] = [];
  for (const file of sources) {
    const lines = file.text.split("\n");
    const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
    if (count > MAX_FILE_LINES) errors.push(`${file.path}: ${count} lines; a file has at most ${MAX_FILE_LINES}.`);
    else if (count > TARGET_FILE_LINES && !isTestFile(file.path)) {
      warnings.push(`${file.path}: ${count} lines; the target is ${TARGET_FILE_LINES}.`);
    }
    for (const [index, line] of lines.entries()) {
      const at = `${file.path}:${index + 1}`;
      const off = isTestFile(file.path) && SWITCHED_OFF.exec(line);
      if (off) errors.push(`${at}: .${off[1]} switches a test off; use skipIf with the reason, or remove it.`);
      const promise = commentOf(line).match(PROMISE);
      if (promise && !ISSUE_NUMBER.test(line)) errors.push(`${at}: ${promise[1]} without an issue number (#123).`);
    }
    if (!isTestFile(file.path)) errors.push(...longFunctions(file));
  }
  return { errors, warnings };
}

function commentOf(line: string): string {
  return /(?:\/\/|\/\*|^\s*\*|<!--)(.*)$/.exec(line)?.[1] ?? "";
}

function longFunctions(file: SourceFile): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(
    `${file.path}.ts`,
    scriptOf(file),
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.TS,
  );
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body) {
      const from = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const to = source.getLineAndCharacterOfPosition(node.end).line + 1;
      const length = to - from + 1;
      if (length > MAX_FUNCTION_LINES) {
        found.push(`${file.path}:${from}: a function of ${length} lines; it may have ${MAX_FUNCTION_LINES}.`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Prints errors and warnings; the number of errors. */
export function main(): number {
  const sources = readSources(join(import.meta.dirname, ".."));
  const { errors, warnings } = checkSizes(sources);
  for (const warning of warnings) console.warn(`warning: ${warning}`);
  for (const error of errors) console.error(error);
  console.log(`Sizes: ${sources.length} files, ${errors.length} errors, ${warnings.length} warnings.`);
  return errors.length;
}

if (import.meta.main) process.exitCode = main() > 0 ? 1 : 0;
