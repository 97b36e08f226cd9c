// Text with ANSI colours, as plain data: the view makes elements of it, never HTML from a string.
//
// A1. The texts of the pieces joined are the text without its escape sequences.
// A2. Unknown sequences vanish; an unfinished one at the end vanishes too.

/** `c0` to `c15` are palette names, the others are `#rrggbb`. */
export type AnsiColor = string;

export type AnsiPiece = {
  text: string;
  color?: AnsiColor;
  background?: AnsiColor;
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
};

type Style = Omit<AnsiPiece, "text">;

// CSI sequences, OSC sequences (titles, links) and two-character escapes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters.
const SEQUENCE = /\u001b(?:\[([0-9;:?]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_]|\[[0-9;:?]*$|$)/g;
const ESCAPE = "\u001b";

/** The pieces of `text`, in order; a text without escapes is one piece. */
export function parseAnsi(text: string): readonly AnsiPiece[] {
  if (!text.includes(ESCAPE)) return [{ text }];
  const pieces: AnsiPiece[] = [];
  let style: Style = {};
  let from = 0;
  const take = (to: number): void => {
    if (to > from) pieces.push({ text: text.slice(from, to), ...style });
  };
  for (const match of text.matchAll(SEQUENCE)) {
    take(match.index);
    from = match.index + match[0].length;
    if (match[2] === "m") style = applyCodes(style, match[1] ?? "");
  }
  take(text.length);
  return pieces;
}

/** `text` without its escape sequences. */
export function stripAnsi(text: string): string {
  return text.includes(ESCAPE) ? text.replace(SEQUENCE, "") : text;
}

function applyCodes(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let style = { ...before };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 38 || code === 48) {
      const [color, used] = extendedColor(codes.slice(i + 1));
      if (color !== undefined) style[code === 38 ? "color" : "background"] = color;
      i += used;
    } else {
      style = applyCode(style, code);
    }
  }
  return style;
}

function applyCode(before: Style, code: number): Style {
  const style = { ...before };
  if (code === 0) return {};
  if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 3) style.italic = true;
  else if (code === 4) style.underline = true;
  else if (code === 22) {
    delete style.bold;
    delete style.dim;
  } else if (code === 23) delete style.italic;
  else if (code === 24) delete style.underline;
  else if (code === 39) delete style.color;
  else if (code === 49) delete style.background;
  else if (code >= 30 && code <= 37) style.color = `c${code - 30}`;
  else if (code >= 90 && code <= 97) style.color = `c${code - 82}`;
  else if (code >= 40 && code <= 47) style.background = `c${code - 40}`;
  else if (code >= 100 && code <= 107) style.background = `c${code - 92}`;
  return style;
}

/** The colour after 38 or 48, and how many codes it took. */
function extendedColor(codes: readonly number[]): readonly [color: AnsiColor | undefined, used: number] {
  const [kind, a, b, c] = codes;
  if (kind === 5 && a !== undefined) return [indexedColor(a), 2];
  if (kind === 2 && a !== undefined && b !== undefined && c !== undefined) return [hex(a, b, c), 4];
  return [undefined, codes.length];
}

function indexedColor(index: number): AnsiColor | undefined {
  if (!Number.isInteger(index) || index < 0 || index > 255) return undefined;
  if (index < 16) return `c${index}`;
  if (index >= 232) return hex(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10);
  const cube = index - 16;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  return hex(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function hex(red: number, green: number, blue: number): AnsiColor | undefined {
  const parts = [red, green, blue];
  if (!parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)) return undefined;
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
