import type { Value } from "./value.ts";

/** Expressions and tags as trees. `at` is the offset in the template where the thing begins. */
export type Expr =
  | { kind: "literal"; at: number; value: Value }
  | { kind: "name"; at: number; name: string }
  /** `of.name` and `of['name']` have their name; `of[key]` computes it. */
  | { kind: "attribute"; at: number; of: Expr; name: string }
  | { kind: "index"; at: number; of: Expr; key: Expr }
  /** `constant` is the value of a list or map that is made of literals alone. */
  | { kind: "list"; at: number; items: readonly Expr[]; constant: Value | undefined }
  | { kind: "map"; at: number; entries: readonly { key: Expr; value: Expr }[]; constant: Value | undefined }
  | { kind: "interpolation"; at: number; parts: readonly Expr[] }
  | { kind: "unary"; at: number; op: string; of: Expr }
  | { kind: "binary"; at: number; op: string; left: Expr; right: Expr }
  | { kind: "ternary"; at: number; condition: Expr; then: Expr; otherwise: Expr }
  | { kind: "filter"; at: number; input: Expr; name: string; args: CallArgs }
  | { kind: "test"; at: number; input: Expr; name: string; args: CallArgs; negated: boolean }
  | { kind: "call"; at: number; name: string; args: CallArgs };

export type CallArgs = {
  readonly positional: readonly Expr[];
  readonly named: readonly { name: string; value: Expr; at: number }[];
};

export type FilterUse = { readonly kind: "filter"; name: string; args: CallArgs; at: number };

export type Node =
  | { kind: "text"; at: number; text: string }
  /** Text of `raw` and `verbatim`: later passes of `render` leave it alone too. */
  | { kind: "raw"; at: number; text: string }
  | { kind: "print"; at: number; value: Expr }
  | {
      kind: "if";
      at: number;
      branches: readonly { condition: Expr; body: readonly Node[] }[];
      otherwise: readonly Node[];
    }
  | { kind: "for"; at: number; name: string; list: Expr; body: readonly Node[]; otherwise: readonly Node[] }
  | { kind: "set"; at: number; name: string; value: Expr }
  | { kind: "block"; at: number; name: string }
  | {
      kind: "filtered";
      at: number;
      filters: readonly FilterUse[];
      body: readonly Node[];
    };

/** A parameter looks like an argument of a function, so that calls of both are checked alike. */
export type MacroParam = { name: string; description: string; fallback: Expr | null };
export type Macro = { name: string; params: readonly MacroParam[]; body: readonly Node[] };

/** A parsed template. Macros and blocks are known before the first line runs. */
export type Template = {
  readonly source: string;
  readonly nodes: readonly Node[];
  readonly macros: ReadonlyMap<string, Macro>;
  readonly blocks: ReadonlyMap<string, readonly Node[]>;
};
