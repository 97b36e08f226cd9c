// Checks the table of `import-rules.ts`, the ambient ban in the pure set, and import cycles.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { findCycles } from "./import-cycles.ts";
import { IMPORT_RULES, type ImportRule, PURE_SET } from "./import-rules.ts";
import { type ImportSite, readModule } from "./module-imports.ts";
import { isTestFile, readSources, type SourceFile } from "./source-files.ts";

/** "path:line: what is wrong and what to do". */
export type Violation = string;

export interface ImportCheck {
  readonly sources: readonly SourceFile[];
  /** `imports` of package.json: "#schema/*" → "./actors/schema/*". */
  readonly aliases: Readonly<Record<string, string>>;
  readonly rules?: readonly ImportRule[];
}

/** All violations, in the order of the sources. */
export function checkImports({ sources, aliases, rules = IMPORT_RULES }: ImportCheck): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const file of sources) {
    const { imports, ambient } = readModule(file);
    const inside: string[] = [];
    graph.set(file.path, inside);
    for (const site of imports) {
      const target = resolveImport(file.path, site.specifier, aliases);
      // A component that shows itself (a tree) imports itself: Svelte's way of recursion.
      const shownInItself = file.path.endsWith(".svelte") && target.kind === "file" && target.path === file.path;
      if (target.kind === "file" && !site.typeOnly && !shownInItself) inside.push(target.path);
      if (isTestFile(file.path)) continue;
      const reason = judge(file.path, target, site, rules);
      if (reason) violations.push(`${file.path}:${site.line}: ${reason}`);
    }
    if (isTestFile(file.path) || !PURE_SET.some((folder) => isInside(file.path, folder))) continue;
    for (const { what, line } of ambient) {
      violations.push(`${file.path}:${line}: ${what} is not allowed in the pure set; take the value as an argument.`);
    }
  }
  for (const cycle of findCycles(graph))
    violations.push(`${cycle[0]}: import cycle: ${[...cycle, cycle[0]].join(" → ")}`);
  return violations;
}

export type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "package"; readonly name: string }
  | { readonly kind: "builtin"; readonly name: "node" | "platform" }
  | { readonly kind: "unknown" };

/** Where an import leads. Paths are from the root; queries such as `?worker` are cut off. */
export function resolveImport(from: string, specifier: string, aliases: Readonly<Record<string, string>>): Target {
  const [bare = ""] = specifier.split("?");
  if (bare.startsWith("node:")) return { kind: "builtin", name: "node" };
  if (bare.startsWith("cloudflare:")) return { kind: "builtin", name: "platform" };
  if (bare.startsWith(".")) return fileOrPackage(posix.normalize(posix.join(posix.dirname(from), bare)));
  if (!bare.startsWith("#")) return { kind: "package", name: bare };
  for (const [alias, target] of Object.entries(aliases)) {
    const [before = "", after = ""] = alias.split("*");
    if (!bare.startsWith(before) || !bare.endsWith(after)) continue;
    const rest = bare.slice(before.length, bare.length - after.length);
    return fileOrPackage(posix.normalize(target.replace("*", rest)));
  }
  return { kind: "unknown" };
}

function fileOrPackage(path: string): Target {
  const [, inPackage] = path.split("node_modules/");
  if (inPackage) return { kind: "package", name: inPackage };
  return path.startsWith("../") ? { kind: "unknown" } : { kind: "file", path };
}

/** Why this import is forbidden, or undefined. */
function judge(from: string, target: Target, site: ImportSite, rules: readonly ImportRule[]): string | undefined {
  const rule = findRule(from, rules);
  if (!rule) return `no row of config/import-rules.ts covers this file; add one.`;
  switch (target.kind) {
    case "unknown":
      return `"${site.specifier}" leads nowhere: it is no alias of package.json and no path in the repository.`;
    case "builtin":
      if (rule.builtins?.includes(target.name)) return undefined;
      return `${rule.at} may not import ${site.specifier}.`;
    case "package":
      if (rule.packages?.some((name) => matchesPackage(target.name, name))) return undefined;
      return `${rule.at} may not import the package "${target.name}".`;
    case "file": {
      const other = findRule(target.path, rules);
      if (other?.at === rule.at || names(rule.may, target.path, rules)) return undefined;
      if (names(rule.types ?? [], target.path, rules)) {
        return site.typeOnly ? undefined : `${rule.at} may import only types from ${target.path}; write "import type".`;
      }
      return `${rule.at} may not import ${target.path}.`;
    }
  }
}

function findRule(path: string, rules: readonly ImportRule[]): ImportRule | undefined {
  let best: ImportRule | undefined;
  for (const rule of rules) if (isInside(path, rule.at) && rule.at.length > (best?.at.length ?? -1)) best = rule;
  return best;
}

/** A folder in a list stands for what it holds, but not for a part of it that has a row of its own and is not named. */
function names(list: readonly string[], path: string, rules: readonly ImportRule[]): boolean {
  if (list.includes("*")) return true;
  const owner = findRule(path, rules);
  return list.some(
    (folder) => isInside(path, folder) && (!owner || owner.at.length <= folder.length || OPEN.has(folder)),
  );
}

/** Folders that, when named, mean everything below them. */
const OPEN = new Set(["edge", "runners", "ui"]);

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function matchesPackage(name: string, pattern: string): boolean {
  if (pattern.endsWith("*")) return name.startsWith(pattern.slice(0, -1));
  return name === pattern || name.startsWith(`${pattern}/`);
}

/** Prints violations; the number of them. */
export function main(): number {
  const root = join(import.meta.dirname, "..");
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const sources = readSources(root);
  const violations = checkImports({ sources, aliases: manifest.imports ?? {} });
  for (const violation of violations) console.error(violation);
  console.log(`Imports: ${sources.length} files, ${violations.length} violations.`);
  return violations.length;
}

if (import.meta.main) process.exitCode = main() > 0 ? 1 : 0;
