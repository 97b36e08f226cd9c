import { gcm } from "@noble/ciphers/aes.js";
import { base64Bytes, concatBytes, encodeUtf8, fromBase64 } from "#schema/bytes.ts";
import type { Env } from "./env.ts";

// Texts sealed with AES-256-GCM under keys that live in the Worker's secrets alone.
//
// C1. A sealed text names its key, so keys can be changed one after another: the first of ENCRYPTION_KEYS seals, all of them open.
// C2. A sealed text opens only for what it was bound to: one that was copied to another place is worth nothing there.
// C3. Nothing is sealed without a key: who asks for it is told how to make one.
//
// Synchronous at heart, because a cell reads an execution, and the secrets that it must hide, in one go.

const VERSION = "v1";
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,40}$/;

/** Why a text cannot be sealed or opened, as a sentence for the operator. */
export class CipherError extends Error {}

export type Cipher = {
  encrypt(text: string, boundTo?: string): Promise<string>;
  /** Rejects with a CipherError. */
  decrypt(sealed: string, boundTo?: string): Promise<string>;
  /** As `encrypt`; undefined without a key. */
  seal(text: string, boundTo?: string): string | undefined;
  /** As `decrypt`; undefined for what cannot be opened. */
  open(sealed: string, boundTo?: string): string | undefined;
  /** The key that seals now; undefined without one. */
  readonly keyId: string | undefined;
};

/** The key that a sealed text was made with. */
export function keyIdOf(sealed: string): string | undefined {
  const [version, id] = sealed.split(".");
  return version === VERSION ? id : undefined;
}

const ciphers = new WeakMap<Env, Cipher>();

/** The cipher with the keys of this environment. Throws a CipherError when ENCRYPTION_KEYS cannot be read. */
export function cipherOf(env: Env): Cipher {
  const known = ciphers.get(env);
  if (known !== undefined) return known;
  const cipher = createCipher(env.ENCRYPTION_KEYS ?? "");
  ciphers.set(env, cipher);
  return cipher;
}

/** `keys`: `id:base64` of 32 bytes each, separated by commas or spaces, the newest first. */
export function createCipher(keys: string): Cipher {
  const ring = parseKeys(keys);
  const [newest] = ring;

  function sealWith(text: string, boundTo: string): string {
    if (newest === undefined)
      throw new CipherError(
        "Nothing can be kept secret here: set ENCRYPTION_KEYS to `id:` and 32 random bytes in base64.",
      );
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const [id, key] = newest;
    const body = gcm(key, nonce, encodeUtf8(boundTo)).encrypt(encodeUtf8(text));
    return `${VERSION}.${id}.${base64Bytes(concatBytes([nonce, body]))}`;
  }

  function openWith(sealed: string, boundTo: string): string {
    const [version, id = "", body = ""] = sealed.split(".");
    if (version !== VERSION) throw new CipherError("The text is not sealed by this server.");
    const key = ring.get(id);
    if (key === undefined)
      throw new CipherError(
        `The key '${id}' that the text was sealed with is missing: put it back into ENCRYPTION_KEYS.`,
      );
    try {
      const bytes = fromBase64(body) ?? new Uint8Array();
      const opened = gcm(key, bytes.subarray(0, NONCE_BYTES), encodeUtf8(boundTo)).decrypt(bytes.subarray(NONCE_BYTES));
      return new TextDecoder().decode(opened);
    } catch {
      throw new CipherError(`The sealed text was changed, or its key '${id}' is another one now.`);
    }
  }

  return {
    encrypt: async (text, boundTo = "") => sealWith(text, boundTo),
    decrypt: async (sealed, boundTo = "") => openWith(sealed, boundTo),
    seal: (text, boundTo = "") => (newest === undefined ? undefined : sealWith(text, boundTo)),
    open: (sealed, boundTo = "") => {
      try {
        return openWith(sealed, boundTo);
      } catch (error) {
        if (error instanceof CipherError) return undefined;
        throw error;
      }
    },
    keyId: newest?.[0],
  };
}

function parseKeys(text: string): ReadonlyMap<string, Uint8Array> {
  const ring = new Map<string, Uint8Array>();
  for (const entry of text.split(/[\s,]+/).filter((part) => part !== "")) {
    const at = entry.indexOf(":");
    const id = entry.slice(0, Math.max(at, 0));
    if (!KEY_ID.test(id)) throw new CipherError("ENCRYPTION_KEYS has an entry that is not `id:base64`.");
    const key = keyIn(entry.slice(at + 1));
    if (key === undefined) throw new CipherError(`The key '${id}' of ENCRYPTION_KEYS is not 32 bytes in base64.`);
    if (ring.has(id)) throw new CipherError(`ENCRYPTION_KEYS has the key '${id}' twice.`);
    ring.set(id, key);
  }
  return ring;
}

function keyIn(base64: string): Uint8Array | undefined {
  const key = fromBase64(base64);
  return key?.length === KEY_BYTES ? key : undefined;
}
