import { beforeEach, describe, expect, test } from "vitest";
import { executionSummary } from "#test/contract/projection.ts";
import { createTestServer, HELLO, type TestServer, yaml } from "#test/support/fake-env.ts";
import { contentFile, type FilePath, fileInFolder, namespaceFilesFolder } from "./ports/file-path.ts";
import { portsOf } from "./ports/ports.ts";
import { sweepAllFiles, sweepFiles } from "./sweep-files.ts";

const HOUR = 3_600_000;

describe("the search for files that belong to nobody", () => {
  let server: TestServer;
  beforeEach(async () => {
    server = createTestServer();
    await server.request("/api/v1/flows", yaml(HELLO));
  });
  const bytes = new TextEncoder().encode("x");
  const put = (path: string) => portsOf(server.env).files.put(path as FilePath, bytes);
  const all = async () => (await portsOf(server.env).files.page("", 1_000)).map(({ path }) => path);
  const later = () => Date.now() + 2 * HOUR;
  const ofExecution = (id: string) => `main/company/team/hello/executions/${id}/inputs/data/x`;

  test("[O1] finds uploads of executions that are not there, and contents without a name", async () => {
    const body = new FormData();
    body.append("data", new File(["x"], "x.csv"));
    const started = await (
      await server.request("/api/v1/executions/company.team/hello", { method: "POST", body })
    ).json();
    const upload = new FormData();
    upload.append("fileContent", new File(["y"], "y"));
    await server.request("/api/v1/namespaces/company.team/files?path=/y", { method: "POST", body: upload });
    const listed = "0123456789abcdefghij01";
    await portsOf(server.env).projection.upsertExecutions([executionSummary(listed)]);
    await put(ofExecution(listed));
    await put("main/company/team/hello/task/cache/list.json");
    const kept = await all();
    expect(kept).toHaveLength(4);
    expect(kept.some((path) => path.includes(started.id))).toBe(true);
    await put(ofExecution("ABCDEFGHIJABCDEFGHIJ00"));
    await put(contentFile("main", "company.team", "never-named"));
    await put(contentFile("main", "never.used", "never-named"));
    expect(await sweepAllFiles(server.env, later(), HOUR)).toEqual({ seen: 7, deleted: 3 });
    expect(await all()).toEqual(kept);
    const name = fileInFolder(namespaceFilesFolder("main", "company.team"), "y");
    expect(name && (await portsOf(server.env).files.head(name))).toMatchObject({ size: 1 });
  });

  test("[O2] leaves alone what is young", async () => {
    await put(ofExecution("ABCDEFGHIJABCDEFGHIJ00"));
    expect(await sweepAllFiles(server.env, Date.now(), HOUR)).toEqual({ seen: 1, deleted: 0 });
  });

  test("goes on where it stopped, and begins again after the end", async () => {
    const ids = Array.from({ length: 305 }, (_, n) => `ABCDEFGHIJABCDEFG${String(n).padStart(3, "0")}00`);
    for (const id of ids) await put(ofExecution(id));
    expect(await sweepFiles(server.env, later())).toEqual({ seen: 300, deleted: 300 });
    expect(await sweepFiles(server.env, later())).toEqual({ seen: 5, deleted: 5 });
    expect(await sweepFiles(server.env, later())).toEqual({ seen: 0, deleted: 0 });
    await put(ofExecution("ABCDEFGHIJABCDEFGHIJ00"));
    expect(await sweepFiles(server.env, later())).toEqual({ seen: 1, deleted: 1 });
  });
});
