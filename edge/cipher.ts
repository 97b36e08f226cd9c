import { ciphersIn, replaceSealed } from "#schema/sealed.ts";
import type { Env } from "./env.ts";

// Texts encrypted at rest: AES-256-GCM under the keys of the operator, ENCRYPTION_KEY.
//
// K1. A cipher text names its key. The first key encrypts, each decrypts: to change keys, put a new one before the old.
// K2. The same text never gives the same cipher text.
// K3. What was changed, or was encrypted under another key, is refused, never half read.

export interface Cipher {
  /** `wh1.<id of the key>.<base64>`. */
  encrypt(text: string): Promise<string>;
  /** Rejects with a CipherError what was not encrypted by one of the keys. */
  decrypt(encrypted: string): Promise<string>;
}

/** What the operator or the caller got wrong; the message says so, and holds neither text nor key. */
export class CipherError extends Error {
  override readonly name = "CipherError";
}

const VERSION = "wh1";
const KEY_BYTES = 32;
const IV_BYTES = 12;
const FORM = /^wh1\.([0-9a-f]{8})\.([A-Za-z0-9+/]+={0,2})$/;

/** `keys`: each 32 bytes in base64, the newest first. */
export function createCipher(keys: readonly string[]): Cipher {
  const imported = Promise.all(keys.map(importKey));
  // Whoever encrypts or decrypts hears of a key that is none.
  imported.catch(() => undefined);
  return {
    async encrypt(text) {
      const [first] = await imported;
      if (first === undefined) throw new CipherError("There is no encryption key.");
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, first.key, new TextEncoder().encode(text));
      return `${VERSION}.${first.id}.${toBase64([...iv, ...new Uint8Array(sealed)])}`;
    },
    async decrypt(encrypted) {
      const [, id, body = ""] = FORM.exec(encrypted) ?? [];
      if (id === undefined) throw new CipherError("This is no text that the server encrypted.");
      const found = (await imported).find((key) => key.id === id);
      if (found === undefined)
        throw new CipherError(`It was encrypted under the key ${id}, which is not in ENCRYPTION_KEY any more.`);
      try {
        const bytes = fromBase64(body);
        const iv = bytes.subarray(0, IV_BYTES);
        const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, found.key, bytes.subarray(IV_BYTES));
        return new TextDecoder().decode(text);
      } catch {
        throw new CipherError(`It was not encrypted under the key ${id}, or was changed since.`);
      }
    },
  };
}

const ciphers = new WeakMap<Env, { keys: string; cipher: Cipher }>();

/** The cipher of this server; undefined when it has no key. */
export function cipherOf(env: Env): Cipher | undefined {
  const keys = env.ENCRYPTION_KEY ?? "";
  if (keys.trim() === "") return undefined;
  const known = ciphers.get(env);
  if (known?.keys === keys) return known.cipher;
  const cipher = createCipher(keys.split(",").map((key) => key.trim()));
  ciphers.set(env, { keys, cipher });
  return cipher;
}

/** `value` with the text of each sealed one. Rejects with a CipherError when one cannot be read. */
export async function openSealed<T>(env: Env, value: T): Promise<T> {
  const encrypted = [...new Set(ciphersIn(value))];
  if (encrypted.length === 0) return value;
  const cipher = cipherOf(env);
  if (cipher === undefined) throw new CipherError("A SECRET cannot be read: ENCRYPTION_KEY is not set.");
  const texts = await Promise.all(encrypted.map((text) => cipher.decrypt(text)));
  const byCipher = new Map(encrypted.map((text, index) => [text, texts[index] ?? ""]));
  return replaceSealed(value, (text) => byCipher.get(text) ?? "");
}

/** Eight hex digits of the key's hash name it. */
async function importKey(text: string): Promise<{ id: string; key: CryptoKey }> {
  const raw = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? fromBase64(text) : new Uint8Array();
  if (raw.length !== KEY_BYTES)
    throw new CipherError("ENCRYPTION_KEY must hold 32 random bytes in base64. Make one with: openssl rand -base64 32");
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", raw));
  const id = Array.from(hash.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { id, key };
}

function toBase64(bytes: readonly number[]): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}
