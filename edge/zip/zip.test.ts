import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { entryText, readZip } from "./read-zip.ts";
import { textBytes, writeZip } from "./write-zip.ts";
import { bytesSource } from "./zip-source.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function contents(zip: Uint8Array): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const entry of await readZip(bytesSource(zip))) {
    let size = 0;
    for await (const chunk of entry.bytes()) size += chunk.length;
    sizes[entry.name] = size;
  }
  return sizes;
}

/** The zip with `change` made to each line of its list, and to its end. */
function tampered(zip: Uint8Array, change: (view: DataView, at: number) => void): Uint8Array {
  const copy = zip.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at < copy.length - 4; at++) if (view.getUint32(at, true) === 0x02014b50) change(view, at);
  return copy;
}

describe("zips", () => {
  test("what was written is read again", async () => {
    const files = [
      { name: "a/b.txt", modifiedAt: Date.UTC(2026, 0, 2), bytes: textBytes("hello ".repeat(10_000)) },
      { name: "ä 🦅.png", modifiedAt: 0, bytes: textBytes("kept as it is") },
      { name: "empty", modifiedAt: 0, bytes: textBytes("") },
    ];
    const zip = new Uint8Array(await new Response(writeZip(files)).arrayBuffer());
    expect(zip.length).toBeLessThan(2_000);
    expect(await contents(zip)).toEqual({ "a/b.txt": 60_000, "ä 🦅.png": 13, empty: 0 });
    const entries = await readZip(bytesSource(zip));
    expect(entries[1] && (await entryText(entries[1], 100))).toBe("kept as it is");
  });

  test("folders are no entries, and another program's zip is read", async () => {
    const zip = zipSync({ d: { "x.yml": bytes("id: x"), sub: { y: [bytes("stored"), { level: 0 }] } } });
    expect(await contents(zip)).toEqual({ "d/x.yml": 5, "d/sub/y": 6 });
  });

  test.each([
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a\\..\\x",
    "C:/x",
    "a//b",
    "a/./b",
    "a\u0000b",
    "..",
    "x".repeat(1_001),
  ])("[Z1] refuses an entry called %j", async (name) => {
    await expect(contents(zipSync({ ok: bytes("1"), [name]: bytes("2") }))).rejects.toMatchObject({ status: 422 });
  });

  test("[Z1] refuses links and what is encrypted or packed otherwise", async () => {
    const zip = zipSync({ a: bytes("target") });
    const link = tampered(zip, (view, at) => view.setUint32(at + 38, 0o120777 << 16, true));
    await expect(contents(link)).rejects.toMatchObject({ status: 422, message: expect.stringContaining("is a link") });
    const secret = tampered(zip, (view, at) => view.setUint16(at + 8, 1, true));
    await expect(contents(secret)).rejects.toMatchObject({ status: 422 });
    const other = tampered(zip, (view, at) => view.setUint16(at + 10, 99, true));
    await expect(contents(other)).rejects.toMatchObject({ status: 422 });
  });

  test("[Z2] counts what comes out, not what the zip says", async () => {
    const bomb = zipSync({ zeros: [new Uint8Array(60_000_000), { level: 9 }] });
    expect(bomb.length).toBeLessThan(70_000);
    await expect(contents(bomb)).rejects.toMatchObject({ status: 413 });
    const lying = tampered(bomb, (view, at) => view.setUint32(at + 24, 10, true));
    await expect(contents(lying)).rejects.toMatchObject({ status: 422 });
    expect(await contents(zipSync({ zeros: new Uint8Array(9_000_000) }))).toEqual({ zeros: 9_000_000 });
  });

  test("[Z3] damage is seen", async () => {
    const zip = zipSync({ a: [bytes("0123456789"), { level: 0 }] });
    const flipped = zip.slice();
    flipped[35] = (flipped[35] ?? 0) ^ 1;
    await expect(contents(flipped)).rejects.toMatchObject({ status: 422 });
    for (const broken of [bytes("no zip at all"), new Uint8Array(), zip.slice(0, -10), zip.slice(40)])
      await expect(contents(broken)).rejects.toMatchObject({ status: 422 });
    const deflated = zipSync({ a: bytes("word ".repeat(1_000)) });
    deflated.fill(0xff, 40, 50);
    await expect(contents(deflated)).rejects.toMatchObject({ status: 422 });
  });

  test("a text above its limit, or none, is refused", async () => {
    const [long] = await readZip(bytesSource(zipSync({ a: bytes("x".repeat(101)) })));
    await expect(long && entryText(long, 100)).rejects.toMatchObject({ status: 413 });
    const [binary] = await readZip(bytesSource(zipSync({ a: new Uint8Array([0xff, 0xfe]) })));
    await expect(binary && entryText(binary, 100)).rejects.toMatchObject({ status: 422 });
  });
});
