import { base64Bytes, concatBytes, fromBase64 } from "#schema/bytes.ts";

// `encrypt` and `decrypt` of expressions: AES-GCM under a key that the flow gives itself, as Kestra writes it: 12 bytes of
// initialization vector, then text and tag, in base64.

const VECTOR_BYTES = 12;
const KEY_BYTES: readonly number[] = [16, 24, 32];

/** What the flow gave cannot be used; the message is for its author. */
export class GivenKeyError extends Error {}

/** `key`: 16, 24 or 32 bytes in base64. Another answer each time. */
export async function encryptWith(key: string, plaintext: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(VECTOR_BYTES));
  const text = new TextEncoder().encode(plaintext);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await imported(key), text));
  return base64Bytes(concatBytes([iv, sealed]));
}

export async function decryptWith(key: string, encrypted: string): Promise<string> {
  const bytes = fromBase64(encrypted);
  if (bytes === undefined || bytes.length <= VECTOR_BYTES)
    throw new GivenKeyError("`encrypted` is not what `encrypt` gives: it must be base64 of a vector and a text.");
  const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, VECTOR_BYTES) };
  try {
    const plain = await crypto.subtle.decrypt(algorithm, await imported(key), bytes.subarray(VECTOR_BYTES));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(plain);
  } catch (error) {
    if (error instanceof GivenKeyError) throw error;
    throw new GivenKeyError("`encrypted` cannot be decrypted: it was encrypted with another key, or was changed.");
  }
}

async function imported(key: string): Promise<CryptoKey> {
  const bytes = fromBase64(key);
  if (bytes === undefined || !KEY_BYTES.includes(bytes.length))
    throw new GivenKeyError("`key` must be 16, 24 or 32 bytes in base64; make one with: openssl rand -base64 32");
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}
