// Source text to what the engine runs. Line numbers stay as they were.
import { transform } from "sucrase";
import { ScriptFailure } from "./failure.ts";
import { FIXED } from "./limits.ts";

const TYPESCRIPT_FILE = /\.[mc]?tsx?$/;

export function isTypeScript(fileName: string): boolean {
  return TYPESCRIPT_FILE.test(fileName);
}

/** Removes types. Throws a ScriptFailure (SYNTAX) that names the place. */
export function toJavaScript(source: string, fileName: string): string {
  if (source.length > FIXED.sourceChars) {
    throw new ScriptFailure("SYNTAX", `${fileName} is longer than ${FIXED.sourceChars} characters`);
  }
  try {
    return transform(source, {
      transforms: ["typescript"],
      disableESTransforms: true,
      filePath: fileName,
    }).code;
  } catch (error) {
    const reason = error instanceof RangeError ? "it is nested too deep" : messageOf(error);
    throw new ScriptFailure("SYNTAX", `${fileName} is not valid TypeScript: ${reason}`);
  }
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^Error transforming [^:]*: /, "");
}
