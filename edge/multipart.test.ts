import { describe, expect, test } from "vitest";
import { multipartBoundary, readParts } from "./multipart.ts";

async function parts(request: Request, chunkBytes: number): Promise<unknown[]> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkBytes) controller.enqueue(bytes.slice(at, at + chunkBytes));
      controller.close();
    },
  });
  const boundary = multipartBoundary(request.headers.get("content-type") ?? "") ?? "";
  const found: unknown[] = [];
  for await (const { name, filename, body: content } of readParts(body, boundary, 1_000_000)) {
    found.push({ name, filename, text: await new Response(content).text() });
  }
  return found;
}

function form(entries: [string, string | File][]): Request {
  const data = new FormData();
  for (const [name, value] of entries) data.append(name, value);
  return new Request("http://h/", { method: "POST", body: data });
}

describe("multipart", () => {
  test.each([1, 7, 64, 100_000])("reads fields and files in chunks of %i bytes", async (chunkBytes) => {
    const request = form([
      ["name", "Ada \r\n--not a boundary"],
      ["empty", ""],
      ["data", new File(["a,b\r\n1,2\r\n"], 'pro"ducts.csv')],
      ["zero", new File([""], "zero.bin")],
    ]);
    expect(await parts(request, chunkBytes)).toEqual([
      { name: "name", filename: undefined, text: "Ada \r\n--not a boundary" },
      { name: "empty", filename: undefined, text: "" },
      { name: "data", filename: 'pro"ducts.csv', text: "a,b\r\n1,2\r\n" },
      { name: "zero", filename: "zero.bin", text: "" },
    ]);
  });

  test("[M1] a body that nobody reads is skipped", async () => {
    const request = form([
      ["skipped", "x".repeat(5000)],
      ["read", "y"],
    ]);
    const names: string[] = [];
    const boundary = multipartBoundary(request.headers.get("content-type") ?? "") ?? "";
    if (!request.body) throw new Error("no body");
    for await (const { name } of readParts(request.body, boundary, 1_000_000)) names.push(name);
    expect(names).toEqual(["skipped", "read"]);
  });

  test.each([
    ["cut", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'],
    ["without a name", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n"],
    ["with rubbish after the boundary", '--bx\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--'],
    ["with endless headers", `--b\r\nX: ${"y".repeat(20_000)}\r\n\r\n--b--`],
  ])("[M2] a form %s is refused", async (_, text) => {
    const request = new Request("http://h/", {
      method: "POST",
      body: text,
      headers: { "content-type": "multipart/form-data; boundary=b" },
    });
    await expect(parts(request, 10)).rejects.toMatchObject({ status: 422 });
  });

  test("other content types are no forms", () => {
    expect(multipartBoundary("application/json")).toBeUndefined();
    expect(multipartBoundary('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe("a b");
    expect(() => multipartBoundary("multipart/form-data")).toThrow(/boundary/);
  });
});
