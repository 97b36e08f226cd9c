import { describe, expect, test } from "vitest";
import { CipherError, createCipher, keyIdOf } from "./cipher.ts";

const key = (byte: number) => btoa(String.fromCharCode(...new Uint8Array(32).fill(byte)));
const OLD = `old:${key(1)}`;
const NEW = `new:${key(2)}`;

describe("the cipher", () => {
  test("opens what it sealed, and seals the same text differently each time", async () => {
    const cipher = createCipher(OLD);
    const sealed = await cipher.encrypt("gehäim 🔑");
    expect(await cipher.decrypt(sealed)).toBe("gehäim 🔑");
    expect(sealed).not.toContain("gehäim");
    expect(await cipher.encrypt("gehäim 🔑")).not.toBe(sealed);
  });

  test("[C1] a new key in front seals from then on; the old one still opens what it sealed", async () => {
    const before = await createCipher(OLD).encrypt("a");
    const rotated = createCipher(`${NEW}, ${OLD}`);
    expect(await rotated.decrypt(before)).toBe("a");
    expect([keyIdOf(before), keyIdOf(await rotated.encrypt("a"))]).toEqual(["old", "new"]);
  });

  test("[C1] what was sealed with a key that is gone is refused by the key's name", async () => {
    const sealed = await createCipher(OLD).encrypt("a");
    await expect(createCipher(NEW).decrypt(sealed)).rejects.toThrow("'old'");
    expect(createCipher(NEW).open(sealed)).toBeUndefined();
  });

  test("[C2] a sealed text that was moved, or changed by one letter, does not open", async () => {
    const cipher = createCipher(OLD);
    const sealed = await cipher.encrypt("a", "main/company/KEY");
    expect(await cipher.decrypt(sealed, "main/company/KEY")).toBe("a");
    await expect(cipher.decrypt(sealed, "main/other/KEY")).rejects.toThrow(CipherError);
    const changed = sealed.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    for (const broken of [changed, sealed.slice(0, 20), "v1.old.%%%", "v2.old.AAAA", "text", ""])
      await expect(cipher.decrypt(broken, "main/company/KEY")).rejects.toThrow(CipherError);
  });

  test("is what WebCrypto calls AES-GCM", async () => {
    const sealed = await createCipher(OLD).encrypt("text", "bound");
    const bytes = Uint8Array.from(atob(sealed.split(".")[2] ?? ""), (letter) => letter.charCodeAt(0));
    const raw = new Uint8Array(32).fill(1);
    const imported = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
    const additionalData = new TextEncoder().encode("bound");
    const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, 12), additionalData };
    const opened = await crypto.subtle.decrypt(algorithm, imported, bytes.subarray(12));
    expect(new TextDecoder().decode(opened)).toBe("text");
  });

  test("[C3] without a key it says how to make one", async () => {
    const cipher = createCipher(" ");
    await expect(cipher.encrypt("a")).rejects.toThrow("ENCRYPTION_KEYS");
    expect([cipher.seal("a"), cipher.keyId]).toEqual([undefined, undefined]);
  });

  test.each(["abc", `a b:${key(1)}`, "id:c2hvcnQ=", "id:%%%", `${OLD},${OLD}`])("refuses the keys %j", (keys) => {
    expect(() => createCipher(keys)).toThrow(CipherError);
  });
});
