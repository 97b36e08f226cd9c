// What a source file imports, and where it asks the ambient world for time or chance. Works on the syntax tree, so
// that strings and comments do not count.
import ts from "typescript";
import { type SourceFile, scriptOf } from "./source-files.ts";

export interface ImportSite {
  readonly specifier: string;
  /** Gone at run time (`import type`, `export type`, `import("...")` as a type). */
  readonly typeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

export interface AmbientUse {
  /** As written: "Date.now". */
  readonly what: string;
  readonly line: number;
}

export interface ModuleFacts {
  readonly imports: readonly ImportSite[];
  readonly ambient: readonly AmbientUse[];
}

const AMBIENT_MEMBERS = new Set(["Date.now", "Math.random"]);

/** Parses one file. Never throws: what does not parse is left to the compiler. */
export function readModule(file: SourceFile): ModuleFacts {
  const source = ts.createSourceFile(
    `${file.path}.ts`,
    scriptOf(file),
    ts.ScriptTarget.Latest,
    false,
    ts.ScriptKind.TS,
  );
  const imports: ImportSite[] = [];
  const ambient: AmbientUse[] = [];
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found) imports.push({ ...found, line: lineOf(node) });
    const what = ambientOf(node);
    if (what) ambient.push({ what, line: lineOf(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { imports, ambient };
}

function importOf(node: ts.Node): Omit<ImportSite, "line"> | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.importClause?.isTypeOnly ?? false };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { specifier: node.argument.literal.text, typeOnly: true };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    if (argument && ts.isStringLiteralLike(argument)) return { specifier: argument.text, typeOnly: false };
  }
  return undefined;
}

function ambientOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const name = `${node.expression.text}.${node.name.text}`;
    if (AMBIENT_MEMBERS.has(name)) return name;
  }
  if (ts.isNewExpression(node) && isDate(node.expression) && (node.arguments?.length ?? 0) === 0) return "new Date()";
  if (ts.isCallExpression(node) && isDate(node.expression)) return "Date()";
  return undefined;
}

function isDate(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && node.text === "Date";
}
