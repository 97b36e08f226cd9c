import { concatBytes, decoderOf, encodeUtf8 } from "#schema/bytes.ts";
import { TaskFailure } from "./define.ts";

// Files of text as pieces of text, and back. What is held in memory is a piece, whatever the size of the file.

/** A piece of text on its way to a file has about this many characters. */
const PIECE_CHARACTERS = 65_536;

/** The text of a file in pieces. Throws a TaskFailure for an unknown charset; bytes that are no text become U+FFFD. */
export async function* decodeChunks(chunks: AsyncIterable<Uint8Array>, charset = "UTF-8"): AsyncGenerator<string> {
  const decoder = decoderOf(charset);
  if (decoder === undefined) throw unknownCharset(charset);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== "") yield text;
  }
  const last = decoder.decode();
  if (last !== "") yield last;
}

/** Pieces that each end with a line, but for the last. `maxCharacters`: a longer line is a failure. */
export async function* wholeLines(texts: AsyncIterable<string>, maxCharacters: number): AsyncGenerator<string> {
  let begun: string[] = [];
  let begunCharacters = 0;
  for await (const text of texts) {
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) {
      yield begun.join("") + text.slice(0, end);
      begun = [];
      begunCharacters = 0;
    }
    if (end === text.length) continue;
    begun.push(text.slice(end));
    begunCharacters += text.length - end;
    if (begunCharacters > maxCharacters)
      throw new TaskFailure(`A line is longer than ${maxCharacters} characters: is this the right kind of file?`);
  }
  if (begunCharacters > 0) yield begun.join("");
}

/** Text as bytes, many short texts in one chunk. Throws a TaskFailure for an unknown charset, and for a character it does not have. */
export async function* encodeTexts(
  texts: AsyncIterable<string> | Iterable<string>,
  charset = "UTF-8",
): AsyncGenerator<Uint8Array> {
  const encode = encoderOf(charset);
  let piece = "";
  for await (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield encode(piece);
    piece = "";
  }
  if (piece !== "") yield encode(piece);
}

/** What a text is in the charset, in bytes. Throws a TaskFailure for a charset that cannot be written. */
export function encoderOf(charset: string): (text: string) => Uint8Array {
  switch (charset.toUpperCase().replaceAll(/[_ ]/g, "-")) {
    case "UTF-8":
    case "UTF8":
      return encodeUtf8;
    case "US-ASCII":
    case "ASCII":
      return (text) => oneByteEach(text, charset, 0x7f);
    case "ISO-8859-1":
    case "LATIN1":
      return (text) => oneByteEach(text, charset, 0xff);
    case "UTF-16LE":
      return (text) => twoBytesEach(text, true);
    case "UTF-16BE":
      return (text) => twoBytesEach(text, false);
    default:
      if (decoderOf(charset) === undefined) throw unknownCharset(charset);
      throw new TaskFailure(
        `Text can be read but not written in '${charset}': use UTF-8, UTF-16LE, UTF-16BE, ISO-8859-1 or US-ASCII.`,
      );
  }
}

function unknownCharset(charset: string): TaskFailure {
  return new TaskFailure(`There is no charset '${charset}': write one such as UTF-8, ISO-8859-1 or windows-1252.`);
}

function oneByteEach(text: string, charset: string, highest: number): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > highest) {
      const character = String.fromCodePoint(text.codePointAt(at) ?? code);
      throw new TaskFailure(`The character '${character}' is not in ${charset}: use \`charset: UTF-8\`.`);
    }
    bytes[at] = code;
  }
  return bytes;
}

function twoBytesEach(text: string, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    bytes[2 * at] = isLittle ? code & 0xff : code >> 8;
    bytes[2 * at + 1] = isLittle ? code >> 8 : code & 0xff;
  }
  return bytes;
}

/** The whole text of a file; a TaskFailure when it has more than `maxBytes`. `what`: who reads it, for the message. */
export async function wholeText(
  chunks: AsyncIterable<Uint8Array>,
  { charset, maxBytes, what }: { charset: string; maxBytes: number; what: string },
): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new TaskFailure(
        `The file is longer than ${maxBytes} bytes, more than ${what} can hold here: use a task that runs on an agent.`,
      );
    parts.push(chunk);
  }
  const decoder = decoderOf(charset);
  if (decoder === undefined) throw unknownCharset(charset);
  return decoder.decode(concatBytes(parts));
}
