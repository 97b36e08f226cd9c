// What every runtime of ours has, though the pure set's compiler settings do not know it: pure functions over bytes and text.
declare const TextEncoder: { new (): { encode(text: string): Uint8Array } };
declare const TextDecoder: { new (label?: string): StreamingDecoder };
declare const btoa: (binary: string) => string;
declare const atob: (base64: string) => string;

/** Text from bytes in pieces: `stream` keeps the begun character for the next call. */
export type StreamingDecoder = { decode(bytes?: Uint8Array, options?: { stream?: boolean }): string };

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that are no text in `charset` become U+FFFD; an unknown charset is read as UTF-8. */
export function decodeText(bytes: Uint8Array, charset = "utf-8"): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

/** A decoder of the charset; undefined when there is none of that name. Bytes that are no text become U+FFFD. */
export function decoderOf(charset: string): StreamingDecoder | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}

/** Base64 of the UTF-8 form of `text`. */
export function base64(text: string): string {
  return base64Bytes(encodeUtf8(text));
}

export function base64Bytes(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The bytes that base64 stands for; undefined when the text is none. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
