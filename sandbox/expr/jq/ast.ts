import type { Json } from "#schema/json.ts";

export type Jq =
  | { kind: "identity" }
  | { kind: "recurse" }
  | { kind: "literal"; value: Json }
  | { kind: "text"; format: string | null; parts: readonly (string | Jq)[] }
  | { kind: "format"; name: string }
  | { kind: "index"; of: Jq; key: Jq }
  | { kind: "slice"; of: Jq; from: Jq | null; to: Jq | null }
  | { kind: "iterate"; of: Jq }
  | { kind: "try"; body: Jq; handler: Jq | null }
  | { kind: "list"; of: Jq | null }
  | { kind: "object"; entries: readonly { key: Jq; value: Jq }[] }
  | { kind: "negate"; of: Jq }
  | { kind: "pipe"; left: Jq; right: Jq }
  | { kind: "comma"; left: Jq; right: Jq }
  | { kind: "binary"; op: string; left: Jq; right: Jq }
  | { kind: "assign"; op: string; left: Jq; right: Jq }
  | { kind: "if"; branches: readonly { condition: Jq; body: Jq }[]; otherwise: Jq | null }
  | { kind: "reduce"; source: Jq; pattern: Pattern; init: Jq; update: Jq }
  | { kind: "foreach"; source: Jq; pattern: Pattern; init: Jq; update: Jq; extract: Jq | null }
  | { kind: "bind"; source: Jq; patterns: readonly Pattern[]; body: Jq }
  | { kind: "variable"; name: string }
  | { kind: "define"; def: Def; body: Jq }
  | { kind: "call"; name: string; args: readonly Jq[] }
  | { kind: "label"; name: string; body: Jq }
  | { kind: "break"; name: string };

/** What stands between `as` and `|`: a variable, or the shape of a list or object. */
export type Pattern =
  | { kind: "variable"; name: string }
  | { kind: "list"; items: readonly Pattern[] }
  | { kind: "object"; entries: readonly { key: Jq; variable: string | null; value: Pattern | null }[] };

/** `def name(f; $x): body;`; a parameter with `$` also has a variable. */
export type Def = { name: string; params: readonly string[]; body: Jq };
