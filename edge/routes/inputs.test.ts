import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { INPUT_TYPES } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { SEALED_KEY } from "#schema/sealed.ts";
import { createTestServer, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";
import type { Env } from "../env.ts";
import { parseFileUri } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { planTriggered } from "../triggered.ts";

type WrongValues = { type: string; rules: JsonObject; wrong: { value: string; says: string }[] };

const PATH = "/api/v1/executions/company.team/asks";
const KEY = `k1:${btoa("k".repeat(32))}`;
const WRONG = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/inputs/wrong-values.json"), "utf8"),
) as WrongValues[];

async function serverOf(inputs: readonly JsonObject[], keys = KEY, more: Partial<Env> = {}): Promise<TestServer> {
  const server = createTestServer({ ENCRYPTION_KEYS: keys, ...more });
  const tasks = "tasks:\n  - id: log\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n";
  const source = `id: asks\nnamespace: company.team\ninputs: ${JSON.stringify(inputs)}\n${tasks}`;
  const saved = await server.request("/api/v1/flows", yaml(source));
  if (saved.status !== 200) throw new Error(await saved.text());
  return server;
}

function form(fields: Record<string, string | File>): { method: string; body: FormData } {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: "POST", body };
}

async function validated(server: TestServer, fields: Record<string, string | File> = {}) {
  const response = await server.request(`${PATH}/validate`, form(fields));
  expect(response.status).toBe(200);
  const { inputs } = (await response.json()) as { inputs: ({ input: { id: string } } & JsonObject)[] };
  return Object.fromEntries(inputs.map(({ input, ...state }) => [input.id, state]));
}

describe("a wrong value is answered 422 with the input's id, the rule and the value", () => {
  test("every type of input has ten of them", () => {
    expect(WRONG.map(({ type }) => type).sort()).toEqual([...INPUT_TYPES].sort());
    for (const { wrong } of WRONG) expect(new Set(wrong.map(({ value }) => value)).size).toBe(10);
  });

  test.for(WRONG)("$type", async ({ type, rules, wrong }) => {
    const server = await serverOf([{ id: "my.value", type, ...rules }]);
    for (const { value, says } of wrong) {
      const refused = await server.request(PATH, form({ "my.value": value }));
      const { problems, ...body } = await refused.json();
      expect([value, refused.status, problems?.length]).toEqual([value, 422, 1]);
      expect(problems[0]).toMatchObject({ code: "INVALID_INPUT", path: "my.value" });
      const { message } = problems[0];
      expect(message).toMatch(/^Invalid input for `my\.value`, /);
      expect(message).toContain(says);
      expect(body.message).toContain(message);
      const { "my.value": state } = await validated(server, { "my.value": value });
      // What a multipart form makes of a line break is not ours.
      const received = type === "SECRET" ? "******" : value.trimEnd();
      if (type === "SECRET" && value.length > 4) expect(JSON.stringify([body, problems, state])).not.toContain(value);
      expect(message.replaceAll("\r\n", "\n")).toContain(`but received \`${received}`);
      expect(state).toMatchObject({ enabled: true, errors: [{ code: "INVALID_INPUT", message }] });
    }
    expect(startedIn(server)).toEqual([]);
  });
});

const SERVICES: readonly JsonObject[] = [
  { id: "kind", type: "SELECT", values: ["vm", "app"] },
  {
    id: "region",
    type: "SELECT",
    expression: "{{ kv('regions') }}",
    dependsOn: { inputs: ["kind"], condition: "{{ inputs.kind == 'vm' }}" },
  },
  { id: "size", type: "INT", defaults: "{{ inputs.kind == 'vm' ? 4 : 1 }}", dependsOn: { inputs: ["kind"] } },
  { id: "note", type: "STRING", required: false, prefill: "for {{ flow.id }}" },
  { id: "token", type: "SECRET", required: false },
];

describe("validate", () => {
  test("gives each input's state: asked for or not, its value, what may be chosen, its first value, what is wrong", async () => {
    const server = await serverOf(SERVICES);
    const set = { method: "PUT", body: '["eu", "us"]', headers: { "content-type": "text/plain" } };
    await server.request("/api/v1/namespaces/company.team/kv/regions", set);
    expect(await validated(server)).toEqual({
      kind: {
        enabled: true,
        options: ["vm", "app"],
        errors: [{ code: "MISSING_INPUT", message: expect.stringContaining("missing required input") }],
      },
      region: { enabled: false },
      size: { enabled: true, value: 1, isDefault: true },
      note: { enabled: true, prefill: "for asks" },
      token: { enabled: true },
    });
    const given = await validated(server, { kind: "vm", region: "moon", token: "s3cret" });
    expect(given).toMatchObject({
      region: {
        enabled: true,
        options: ["eu", "us"],
        value: "moon",
        errors: [{ code: "INVALID_INPUT", message: expect.stringContaining("[eu, us]") }],
      },
      size: { value: 4, isDefault: true },
      token: { enabled: true, value: "******" },
    });
    expect(startedIn(server)).toEqual([]);
  });

  test("says what is wrong with an expression that gives no choices", async () => {
    const server = await serverOf(SERVICES);
    const { region } = await validated(server, { kind: "vm" });
    expect(region).toMatchObject({ errors: [{ message: expect.stringContaining("'regions' does not exist") }] });
  });

  test("reads no more of a file than its name, and refuses one of another kind", async () => {
    const server = await serverOf([{ id: "data", type: "FILE", allowedFileExtensions: [".csv"] }]);
    expect(await validated(server, { data: new File(["x"], "a.csv") })).toMatchObject({ data: { enabled: true } });
    const { data } = await validated(server, { data: new File(["x"], "a.exe") });
    expect(data).toMatchObject({ errors: [{ message: expect.stringContaining("must end with one of `[.csv]`") }] });
  });
});

describe("a secret", () => {
  test("reaches the cell sealed", async () => {
    const server = await serverOf([{ id: "token", type: "SECRET" }]);
    const started = await server.request(PATH, form({ token: "s3cret-value" }));
    expect([started.status, startedIn(server).length]).toEqual([200, 1]);
    expect(JSON.stringify(startedIn(server))).not.toContain("s3cret-value");
  });

  test("is refused, with what to do, where the server has no key", async () => {
    const server = await serverOf([{ id: "token", type: "SECRET" }], "");
    const refused = await server.request(PATH, form({ token: "s3cret-value" }));
    const text = await refused.text();
    expect(refused.status).toBe(422);
    expect(text).toContain("encryption is not configured: set ENCRYPTION_KEYS");
    expect(text).not.toContain("s3cret-value");
  });

  test.each([
    ["webhook", "io.kestra.plugin.core.trigger.Webhook", { key: "k" }],
    ["schedule", "io.kestra.plugin.core.trigger.Schedule", { cron: "* * * * *" }],
  ])("given by a %s is sealed, and a wrong one is not quoted", async (id, type, own) => {
    const server = await serverOf([{ id: "token", type: "SECRET", validator: "tok-\\w+" }]);
    const { flow } = await server.parts.cache.open(server.env, {
      tenant: "main",
      namespace: "company.team",
      flowId: "asks",
    });
    const key = { tenant: "main", namespace: "company.team", flowId: "asks" };
    const plan = (token: string) =>
      planTriggered(server.parts.language, server.env, {
        key,
        flow,
        trigger: { id, type, properties: { ...own, inputs: { token } } },
        variables: { body: "tok-s3cret" },
      });
    const planned = await plan("{{ trigger.body }}");
    expect(planned).toMatchObject({ inputs: { token: { [SEALED_KEY]: { shown: "******" } } } });
    expect(JSON.stringify(planned)).not.toContain("tok-s3cret");
    const wrong = await plan("no {{ trigger.body }}");
    expect(wrong).toMatchObject({ error: expect.stringContaining("it must match the pattern `tok-\\w+`") });
    expect(JSON.stringify(wrong)).not.toContain("s3cret");
  });
});

describe("choices from an address", () => {
  const asking = (expression: string) => [{ id: "pick", type: "SELECT", expression }];

  test("are offered and held to, and a server that refuses is told by name", async () => {
    const site = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      response.writeHead(pathname === "/choices" ? 200 : 503, { "content-type": "application/json; charset=utf-8" });
      response.end(JSON.stringify({ items: [request.method, searchParams.get("q"), request.headers["x-team"]] }));
    });
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const { port } = site.address() as AddressInfo;
    const at = (path: string) =>
      `{{ http(uri='http://127.0.0.1:${port}${path}', method='POST', query={'q': 'a b'}, headers={'x-team': 'red'}, body={'a': 1}).items }}`;
    try {
      const server = await serverOf(asking(at("/choices")), KEY, { ALLOW_PRIVATE: "local" });
      expect((await validated(server)).pick).toMatchObject({ options: ["POST", "a b", "red"] });
      expect((await server.request(PATH, form({ pick: "red" }))).status).toBe(200);
      expect((await server.request(PATH, form({ pick: "blue" }))).status).toBe(422);
      const broken = await serverOf(asking(at("/broken")), KEY, { ALLOW_PRIVATE: "local" });
      const { pick } = await validated(broken);
      expect(pick).toMatchObject({ errors: [{ message: expect.stringContaining("was answered with status 503") }] });
    } finally {
      site.close();
    }
  });

  test("of a private network are refused, unless the operator opened it", async () => {
    const server = await serverOf(asking("{{ http('http://127.0.0.1:1/x') }}"));
    const refused = await server.request(PATH, form({ pick: "a" }));
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("is in a private network");
  });
});

describe("a file", () => {
  const FILE = { id: "data", type: "FILE", extension: ".tsv", allowedFileExtensions: ["csv", ".tsv"] };
  const stored = async (server: TestServer, uri: unknown) => {
    const path = parseFileUri("main", String(uri));
    return path === undefined ? null : portsOf(server.env).files.head(path);
  };

  test("keeps its name, or has the input's with its ending when a client names it after the input", async () => {
    const server = await serverOf([FILE]);
    for (const [field, name, kept] of [
      ["data", "a.csv", "a.csv"],
      ["files", "data", "data.tsv"],
    ] as const) {
      const started = await server.request(PATH, form({ [field]: new File(["x"], name) }));
      expect(started.status).toBe(200);
      const uri = startedIn(server).at(-1)?.inputs.data;
      expect(String(uri).split("/").at(-1)).toBe(kept);
      expect(await stored(server, uri)).toMatchObject({ size: 1 });
    }
  });

  test("[I4] of an execution that is refused is removed again", async () => {
    const server = await serverOf([FILE, { id: "n", type: "INT" }]);
    const { files } = portsOf(server.env);
    const put = vi.spyOn(files, "put");
    const refused = await server.request(PATH, form({ data: new File(["x"], "a.csv"), n: "many" }));
    expect(refused.status).toBe(422);
    const [path] = put.mock.calls[0] ?? [];
    expect(path).toMatch(/inputs\/data\/a\.csv$/);
    expect(path && (await files.head(path))).toBeNull();
  });
});
