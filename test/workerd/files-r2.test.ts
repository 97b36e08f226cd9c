import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { filePath } from "#edge/ports/file-path.ts";
import { createR2Files } from "#edge/ports/files-r2.ts";
import { filesContract } from "#test/contract/files.ts";

async function emptyBucket(): Promise<void> {
  for (;;) {
    const { objects } = await env.FILES.list();
    if (objects.length === 0) return;
    await env.FILES.delete(objects.map(({ key }) => key));
  }
}

describe("files in R2", () => {
  filesContract(async () => {
    await emptyBucket();
    return createR2Files(env.FILES);
  });

  test("a folder of more files than one page of a list is listed and deleted whole", async () => {
    const files = createR2Files(env.FILES);
    const paths = Array.from({ length: 1_050 }, (_, index) => filePath(["main", "many", `f${index}`]));
    await Promise.all(paths.map((path) => path && files.put(path, new Uint8Array([1]))));
    const folder = filePath(["main", "many"]);
    if (folder === undefined) throw new Error("not a plain path");
    expect(await files.list(folder)).toHaveLength(1_050);
    await files.deleteFolder(folder);
    expect(await files.list(folder)).toEqual([]);
  });
});
