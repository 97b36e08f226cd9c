import type { Json } from "#schema/json.ts";
import type { Meter } from "./entry.ts";
import { ionText as ion } from "./ion/write.ts";
import { toJson as json } from "./text.ts";
import type { Value } from "./value.ts";
import { yamlText as yaml } from "./yaml-text.ts";

// The writers of expressions for whoever is no expression: values that were read from a file of bounded size, and are trees.

const FREE: Meter = { step: () => {}, regexStep: () => {}, size: () => {} };

export const ionText = (value: Value): string => ion(value, FREE);
export const yamlText = (value: Value): string => yaml(value, FREE);
export const toJson = (value: Value): Json => json(value, FREE);
