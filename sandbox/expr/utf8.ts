import { utf8ToBytes } from "@noble/hashes/utils.js";
import { failure } from "./errors.ts";

export { utf8ToBytes as encodeUtf8 };

const CHUNK = 4096;

/** UTF-8 to text; bytes that are not UTF-8 become U+FFFD, as Java's decoder does. */
export function decodeUtf8(bytes: Uint8Array): string {
  let out = "";
  let points: number[] = [];
  for (let i = 0; i < bytes.length; ) {
    const { point, size } = codePoint(bytes, i);
    points.push(point);
    i += size;
    if (points.length === CHUNK) {
      out += String.fromCodePoint(...points);
      points = [];
    }
  }
  return out + String.fromCodePoint(...points);
}

const REPLACEMENT = 0xfffd;
const LEAST = [0, 0, 0x80, 0x800, 0x10000];

function codePoint(bytes: Uint8Array, at: number): { point: number; size: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { point: first, size: 1 };
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return { point: REPLACEMENT, size: 1 };
  let point = first & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) {
    const next = bytes[at + i] ?? 0;
    if ((next & 0xc0) !== 0x80) return { point: REPLACEMENT, size: i };
    point = (point << 6) | (next & 0x3f);
  }
  const isBad = point < (LEAST[size] ?? 0) || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
  return { point: isBad ? REPLACEMENT : point, size };
}

/** Bytes of the text in UTF-8, without building them. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800) length += 2;
    else if (unit >= 0xd800 && unit < 0xdc00) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function toBase64(bytes: Uint8Array): string {
  const out: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const left = bytes.length - i;
    out.push(
      ALPHABET.charAt(word >> 18) + ALPHABET.charAt((word >> 12) & 63),
      left > 1 ? ALPHABET.charAt((word >> 6) & 63) : "=",
      left > 2 ? ALPHABET.charAt(word & 63) : "=",
    );
  }
  return out.join("");
}

/** Standard alphabet, padding optional. Throws an ExprError for anything else. */
export function fromBase64(text: string): Uint8Array {
  const body = text.replace(/={0,2}$/, "");
  if (body.length % 4 === 1) throw failure("Input byte array has wrong 4-byte ending unit: this is no base64 text.");
  const bytes = new Uint8Array(Math.floor((body.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let size = 0;
  for (let i = 0; i < body.length; i++) {
    const digit = ALPHABET.indexOf(body.charAt(i));
    if (digit < 0) throw failure(`Illegal base64 character ${body.charCodeAt(i).toString(16)} at offset ${i}.`);
    word = ((word << 6) | digit) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[size++] = (word >> bits) & 0xff;
    }
  }
  return bytes;
}
