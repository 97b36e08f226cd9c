/** Regular expressions of Java's dialect as trees. */
export type CharTest = (codePoint: number) => boolean;

export type Re =
  | { kind: "char"; test: CharTest }
  | { kind: "sequence"; items: readonly Re[] }
  | { kind: "choice"; options: readonly Re[] }
  | { kind: "repeat"; of: Re; min: number; max: number; mode: "greedy" | "lazy" | "possessive" }
  | { kind: "group"; index: number; of: Re }
  | { kind: "atomic"; of: Re }
  | { kind: "look"; isBehind: boolean; isNegated: boolean; of: Re }
  | { kind: "anchor"; test: (text: string, at: number) => boolean }
  | { kind: "back"; index: number; ignoresCase: boolean };

export type Pattern = { readonly root: Re; readonly groups: number; readonly names: ReadonlyMap<string, number> };
