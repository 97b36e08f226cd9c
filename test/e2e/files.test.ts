import { zipSync } from "fflate";
import { beforeAll, describe, expect, test } from "vitest";
import { readZip } from "#edge/zip/read-zip.ts";
import { bytesSource } from "#edge/zip/zip-source.ts";
import { flow, messages, NAMESPACE, run, taskRun, useServer } from "./fixture.ts";

const server = useServer({ agent: true });
const FILES = `/namespaces/${NAMESPACE}/files`;
const at = (path: string) => `${FILES}?path=${encodeURIComponent(path)}`;
const put = (path: string, content: string | Uint8Array) => server().api.upload(at(path), "fileContent", content);
const get = (path: string, headers: Record<string, string> = {}) => server().api.send({ path: at(path), headers });
const infos = async (id: string) => messages(server(), id, "INFO");

beforeAll(async () => {
  await put("/example.txt", "Hello, World!");
  await put("/lib/words.js", "export const shout = (text) => text.toUpperCase() + '!';");
  for (const name of ["file1.txt", "file2.txt", "file3.json", "file4.yml"]) await put(`/${name}`, name);
});

describe("namespace files", () => {
  test("what was uploaded comes back byte for byte, also in part, and a zip unpacked and packed", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 256);
    expect((await put("/bin/data", bytes)).status).toBe(200);
    expect((await get("/bin/data")).bytes.equals(bytes)).toBe(true);
    const part = await get("/bin/data", { range: "bytes=1000-1009" });
    expect([part.status, part.bytes.equals(bytes.subarray(1000, 1010))]).toEqual([206, true]);
    expect((await get("/bin/data", { range: "bytes=300000-" })).status).toBe(416);
    const zip = zipSync({ zipped: { "a.txt": bytes.subarray(0, 1000), "b.txt": new TextEncoder().encode("b") } });
    expect((await server().api.upload(FILES, "fileContent", zip, "some.zip")).status).toBe(200);
    expect((await get("/zipped/b.txt")).text).toBe("b");
    const exported = await server().api.send({ path: `${FILES}/export` });
    const names = (await readZip(bytesSource(exported.bytes))).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["bin/data", "zipped/a.txt", "_flows/getting_started.yml"]));
  });

  test("expressions read them by path and by URI, also an earlier version", async () => {
    await put("/versions.txt", "one");
    await put("/versions.txt", "two");
    const execution = await run(
      server(),
      flow(
        "reading",
        `
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "{{ read('example.txt') }} {{ read('/example.txt') }} {{ read(fileURI('example.txt')) }} {{ read('versions.txt') }}{{ read('versions.txt', version=1) }} {{ fileExists('nothing') }} {{ fileSize('example.txt') }}"
`,
      ),
    );
    expect(await infos(execution.id)).toContain("Hello, World! Hello, World! Hello, World! twoone false 13");
  });

  test("a script in the sandbox imports a module and reads a file of the namespace", async () => {
    const execution = await run(
      server(),
      flow(
        "sandboxed",
        `
tasks:
  - id: script
    type: io.kestra.plugin.scripts.deno.Script
    namespaceFiles:
      enabled: true
      include: ["lib/**", "example.txt"]
    script: |
      import { shout } from "./lib/words.js";
      console.log(shout(Deno.readTextFileSync("example.txt")));
      try { Deno.readTextFileSync("file1.txt"); } catch { console.log("file1 is not there"); }
`,
      ),
    );
    expect(execution.state.current).toBe("SUCCESS");
    expect(await infos(execution.id)).toEqual(expect.arrayContaining(["HELLO, WORLD!!", "file1 is not there"]));
  });

  test.each([
    ["include", ["file1.txt", "file3.json"]],
    ["exclude", ["example.txt", "file2.txt", "file4.yml"]],
  ])("an agent finds what %s leaves", async (property, expected) => {
    const execution = await run(
      server(),
      flow(
        `agent_${property}`,
        `
tasks:
  - id: list
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    namespaceFiles:
      enabled: true
      ${property}: [file1.txt, file3.json, lib, bin, zipped, versions.txt]
    commands:
      - ls *.*
`,
      ),
    );
    const listed = (await infos(execution.id)).flatMap((line) => line.split(/\s+/));
    const extra = property === "include" ? ["versions.txt"] : [];
    expect(listed.filter((name) => /^(?:file|example|versions)/.test(name)).sort()).toEqual(
      [...expected, ...extra].sort(),
    );
  });

  test("a working directory begins with them and with what an earlier execution cached", async () => {
    const source = flow(
      "directory",
      `
tasks:
  - id: dir
    type: io.kestra.plugin.core.flow.WorkingDirectory
    namespaceFiles:
      enabled: true
      include: [example.txt]
    cache:
      patterns: ["deps/**"]
      ttl: PT1H
    inputFiles:
      own.txt: own
    tasks:
      - id: work
        type: io.kestra.plugin.scripts.shell.Commands
        taskRunner: {type: io.kestra.plugin.core.runner.Process}
        commands:
          - cat example.txt own.txt; echo
          - if [ -f deps/count ]; then echo cached $(cat deps/count); else mkdir -p deps; echo 1 > deps/count; echo fresh; fi
      - id: sandboxed
        type: io.kestra.plugin.scripts.deno.Script
        script: console.log(Deno.readTextFileSync("deps/count").trim());
`,
    );
    const first = await run(server(), source);
    expect(first.state.current).toBe("SUCCESS");
    expect(await infos(first.id)).toEqual(expect.arrayContaining(["fresh", "1"]));
    expect((await infos(first.id)).join("")).toContain("Hello, World!own");
    const second = await run(server(), source);
    expect(await infos(second.id)).toContain("cached 1");
  });

  test("tasks upload, download and delete them, and drop old revisions", async () => {
    const execution = await run(
      server(),
      flow(
        "moving",
        `
tasks:
  - id: write
    type: io.kestra.plugin.scripts.deno.Script
    outputFiles: ["*.csv"]
    script: Deno.writeTextFileSync("x.csv", "a,b");
  - id: upload
    type: io.kestra.plugin.core.namespace.UploadFiles
    namespace: "{{ flow.namespace }}"
    destination: up
    filesMap:
      x.csv: "{{ outputs.write.outputFiles['x.csv'] }}"
  - id: again
    type: io.kestra.plugin.core.namespace.UploadFiles
    namespace: "{{ flow.namespace }}"
    filesMap:
      up/x.csv: "c,d"
  - id: download
    type: io.kestra.plugin.core.namespace.DownloadFiles
    namespace: "{{ flow.namespace }}"
    files: "up/*.csv"
  - id: purge
    type: io.kestra.plugin.core.namespace.PurgeFiles
    namespaces: ["{{ flow.namespace }}"]
    filePattern: up/**
  - id: delete
    type: io.kestra.plugin.core.namespace.DeleteFiles
    namespace: "{{ flow.namespace }}"
    files: ["up/**"]
    deleteParentFolder: true
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.download.files['/up/x.csv']) }} {{ outputs.purge.size }} {{ fileExists('up/x.csv') }}"
`,
      ),
    );
    expect(execution.state.current).toBe("SUCCESS");
    expect(await infos(execution.id)).toContain("c,d 1 false");
    expect(taskRun(execution, "upload").outputs).toEqual({
      files: { "/up/x.csv": "kestra:///company/team/_files/up/x.csv" },
    });
    const folders = await server().api.json<{ fileName: string }[]>({ path: `${FILES}/directory` });
    expect(folders.map(({ fileName }) => fileName)).not.toContain("up");
  });

  test("a FILE input is read, previewed and handed to a script, and goes with its execution", async () => {
    const execution = await run(
      server(),
      flow(
        "upload",
        `
inputs:
  - id: myfile
    type: FILE
tasks:
  - id: print
    type: io.kestra.plugin.core.log.Log
    message: "file's content {{ read(inputs.myfile) }}"
  - id: script
    type: io.kestra.plugin.scripts.shell.Commands
    inputFiles:
      my.txt: "{{ inputs.myfile }}"
    taskRunner: {type: io.kestra.plugin.core.runner.Process}
    commands: [cat my.txt]
`,
      ),
      { inputs: { files: { name: "myfile", content: "first\nsecond" } } },
    );
    expect(await infos(execution.id)).toEqual(
      expect.arrayContaining(["file's content first\nsecond", "first", "second"]),
    );
    const uri = encodeURIComponent(String((execution.inputs as Record<string, string>).myfile));
    const preview = { path: `/executions/${execution.id}/file/preview?maxRows=1&path=${uri}` };
    expect(await server().api.json(preview)).toMatchObject({ type: "TEXT", content: "first", truncated: true });
    expect((await server().api.send({ method: "DELETE", path: `/executions/${execution.id}` })).status).toBe(204);
    expect((await server().api.send(preview)).status).toBe(404);
  });

  test("another execution's file is not read", async () => {
    const source = flow(
      "owner",
      `
inputs: [{id: data, type: FILE}]
tasks:
  - {id: wait, type: io.kestra.plugin.core.log.Log, message: x}
`,
    );
    const owner = await run(server(), source, { inputs: { data: { name: "secret.txt", content: "secret" } } });
    const uri = String((owner.inputs as Record<string, string>).data);
    const thief = await run(
      server(),
      flow("thief", `\ntasks:\n  - {id: log, type: io.kestra.plugin.core.log.Log, message: "{{ read('${uri}') }}"}\n`),
    );
    expect(thief.state.current).toBe("FAILED");
    expect((await messages(server(), thief.id, "ERROR")).join()).toContain("didn't belong to the current execution");
  });
});
