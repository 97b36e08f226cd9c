import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { INPUT_TYPES } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { createTestServer, startedIn, type TestServer, yaml } from "#test/support/fake-env.ts";

type WrongValues = { type: string; rules: JsonObject; wrong: { value: string; says: string }[] };

const PATH = "/api/v1/executions/company.team/asks";
const KEY = `k1:${btoa("k".repeat(32))}`;
const WRONG = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/inputs/wrong-values.json"), "utf8"),
) as WrongValues[];

async function serverOf(inputs: readonly JsonObject[], more = ""): Promise<TestServer> {
  const server = createTestServer({ ENCRYPTION_KEYS: KEY });
  const tasks = "tasks:\n  - id: log\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n";
  const source = `id: asks\nnamespace: company.team\ninputs: ${JSON.stringify(inputs)}\n${more}${tasks}`;
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
      // What a multipart form makes of a line break is not ours.
      const received = type === "SECRET" ? "******" : value.trimEnd();
      expect(message.replaceAll("\r\n", "\n")).toContain(`but received \`${received}`);
      const { "my.value": state } = await validated(server, { "my.value": value });
      expect(state).toMatchObject({ enabled: true, errors: [{ message }] });
    }
    expect(startedIn(server)).toEqual([]);
  });
});
