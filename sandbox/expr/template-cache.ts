import type { Template } from "./ast.ts";
import { ExprError } from "./errors.ts";
import { parseTemplate } from "./parse-template.ts";

const MAX_TEMPLATES = 1000;
/** Longer templates are parsed each time, so that the cache stays small. */
const MAX_CACHED_LENGTH = 20_000;

/** Two generations make a cheap least-recently-used cache: what is used moves to the young one, the old one is dropped. */
let young = new Map<string, Template>();
let old = new Map<string, Template>();

/** The parsed template. Throws an ExprError for what cannot be read. */
export function templateOf(source: string): Template {
  const known = young.get(source);
  if (known !== undefined) return known;
  const template = old.get(source) ?? parseTemplate(source);
  if (source.length > MAX_CACHED_LENGTH) return template;
  if (young.size >= MAX_TEMPLATES / 2) {
    old = young;
    young = new Map();
  }
  young.set(source, template);
  return template;
}

/** The template, or what is wrong with its syntax. */
export function tryTemplate(source: string): Template | ExprError {
  try {
    return templateOf(source);
  } catch (error) {
    if (error instanceof ExprError) return error;
    if (error instanceof RangeError) return new ExprError("EXPR_BUDGET", "The template is nested too deeply.", 0);
    throw error;
  }
}
