import { afterEach, describe, expect, test } from "vitest";
import { errorOf, expectAlive, flow, messages, NAMESPACE, refusal, run, useServer } from "./fixture.ts";

const server = useServer();
afterEach(() => expectAlive(server()), 30_000);

const LOG = "io.kestra.plugin.core.log.Log";

describe("a flow that is wrong", () => {
  test("is refused with line and column when it is no YAML", async () => {
    const error = errorOf(
      await server().api.postFlow("id: broken\nnamespace: company.team\ntasks:\n  - id: [a\n"),
      422,
    );
    const problem = error.problems?.[0];
    expect(problem?.code).toBe("YAML_SYNTAX");
    expect(problem?.at?.line).toBeGreaterThanOrEqual(4);
    expect(problem?.at?.column).toBeGreaterThan(0);
  });

  test("names the nearest type when the type is unknown", async () => {
    const source = flow(
      "wrong_type",
      `tasks:\n  - id: say\n    type: io.kestra.plugin.core.log.Logg\n    message: hi\n`,
    );
    const error = errorOf(await server().api.postFlow(source), 422);
    const problem = error.problems?.find(({ code }) => code === "UNKNOWN_TYPE");
    expect(problem?.at).toMatchObject({ line: 5 });
    expect(problem?.message).toContain(LOG);
  });

  test("names the nearest property when the property is unknown", async () => {
    const source = flow("wrong_property", `tasks:\n  - id: say\n    type: ${LOG}\n    mesage: hi\n`);
    const error = errorOf(await server().api.postFlow(source), 422);
    const problem = error.problems?.find(({ code }) => code === "UNKNOWN_PROPERTY");
    expect(problem?.at).toMatchObject({ line: 6, column: 5 });
    expect(problem?.message).toContain("message");
  });

  test("names both places of a duplicate id", async () => {
    const task = `  - id: say\n    type: ${LOG}\n    message: hi\n`;
    const error = errorOf(await server().api.postFlow(flow("twice", `tasks:\n${task}${task}`)), 422);
    expect(error.problems?.find(({ code }) => code === "DUPLICATE_ID")?.at).toMatchObject({ line: 7 });
  });

  test("is refused when it is too long to read", async () => {
    const source = flow(
      "long",
      `description: "${"x".repeat(1_100_000)}"\ntasks:\n  - id: say\n    type: ${LOG}\n    message: hi\n`,
    );
    expect(errorOf(await server().api.postFlow(source), 413).message).toMatch(/1048576|bytes/);
  });

  test("is refused when its aliases would fill the memory", async () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items =
        level === 0
          ? "x"
          : Array(10)
              .fill(`*a${level - 1}`)
              .join(", ");
      return `  a${level}: &a${level} [${items}]`;
    });
    const source = flow(
      "bomb",
      `variables:\n${levels.join("\n")}\ntasks:\n  - id: say\n    type: ${LOG}\n    message: hi\n`,
    );
    errorOf(await server().api.postFlow(source), 422);
  });
});

describe("a start that is wrong", () => {
  const source = flow(
    "with_inputs",
    `
inputs:
  - id: who
    type: STRING
  - id: count
    type: INT
    defaults: 1
tasks:
  - id: say
    type: ${LOG}
    message: "{{ inputs.who }}"
`,
  );

  test("names the input that is missing", async () => {
    await server().api.saveFlow(source);
    const error = errorOf(await refusal(server().api.execute(NAMESPACE, "with_inputs")), 422);
    expect(error.message).toContain("who");
  });

  test("names the input of a wrong type and what came", async () => {
    await server().api.saveFlow(source);
    const start = server().api.execute(NAMESPACE, "with_inputs", { inputs: { who: "me", count: "many" } });
    const error = errorOf(await refusal(start), 422);
    expect(error.message).toContain("count");
    expect(error.message).toContain("many");
  });

  test("of an unknown flow is answered 404", async () => {
    expect(errorOf(await refusal(server().api.execute(NAMESPACE, "nobody")), 404).message).toContain("not found");
  });

  test("with a wrong webhook key is answered 404 and starts nothing", async () => {
    await server().api.saveFlow(
      flow(
        "hooked",
        `
tasks:
  - id: say
    type: ${LOG}
    message: hi
triggers:
  - id: hook
    type: io.kestra.plugin.core.trigger.Webhook
    key: the-right-key
`,
      ),
    );
    const path = `/executions/webhook/${NAMESPACE}/hooked/the-wrong-key`;
    errorOf(await server().api.send({ method: "POST", path, body: "{}" }), 404);
    expect((await server().api.search({ namespace: NAMESPACE, flowId: "hooked" })).total).toBe(0);
  });
});

describe("a caller that may not", () => {
  test("an agent with a wrong token is answered 401", async () => {
    const headers = { authorization: "Bearer wrong", "content-type": "application/json" };
    errorOf(await server().api.send({ method: "POST", path: "/agents/claim", body: "{}", headers }), 401);
  });

  test("a page of another origin is answered 403", async () => {
    const headers = { origin: "https://evil.example", "content-type": "application/x-yaml" };
    errorOf(await server().api.send({ method: "POST", path: "/flows", body: "id: x", headers }), 403);
  });

  test("a request for another host name is answered 403", async () => {
    errorOf(await server().api.send({ path: "/flows/search", headers: { host: "evil.example" } }), 403);
  });

  test("a path that nobody knows is answered 404", async () => {
    errorOf(await server().api.send({ path: "/no/such/path" }), 404);
  });
});

describe("a template that is wrong", () => {
  const returning = (id: string, format: string) =>
    flow(
      id,
      `tasks:\n  - id: say\n    type: io.kestra.plugin.core.debug.Return\n    format: ${JSON.stringify(format)}\n`,
    );

  test("fails its task with a log line that names the expression", async () => {
    const execution = await run(server(), returning("undefined_output", "{{ labels.nobody.value }}"));
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).join("\n")).toMatch(/nobody|outputs/);
  });

  for (const [name, expression] of [
    ["constructor", "{{ ''.constructor.constructor('return 1')() }}"],
    ["map_constructor", "{{ inputs.constructor.name }}"],
    ["proto", "{{ inputs.__proto__.polluted }}"],
    ["proto_key", "{{ flow['__proto__']['toString'] }}"],
  ] as const) {
    test(`reaches nothing of the host by ${expression}`, async () => {
      const source = returning(`host_${name}`, expression);
      const saved = await server().api.postFlow(source);
      if (saved.status === 422) return;
      const execution = await run(server(), source);
      expect(execution.state.current).toBe("FAILED");
      expect((await messages(server(), execution.id, "ERROR")).length).toBeGreaterThan(0);
      expect(JSON.stringify(execution.taskRunList)).not.toMatch(/native code|\[object|function Object/);
    });
  }

  test("ends at its budget when it would run for ever", async () => {
    const loop = "{% for a in range(0, 9999) %}{% for b in range(0, 9999) %}x{% endfor %}{% endfor %}";
    const execution = await run(server(), returning("endless_template", loop));
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).length).toBeGreaterThan(0);
  });
});

describe("a script that is wrong", () => {
  const script = (id: string, body: string) =>
    flow(
      id,
      `tasks:\n  - id: work\n    type: io.kestra.plugin.scripts.deno.Script\n    script: ${JSON.stringify(body)}\n`,
    );

  test("is stopped when it loops for ever", async () => {
    const execution = await run(server(), script("endless_script", "for (;;) {}"));
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).join("\n")).toMatch(/time|budget|limit|long/i);
  });

  test("is stopped when it allocates without end", async () => {
    const execution = await run(
      server(),
      script("allocating_script", "const all = []; for (;;) all.push('x'.repeat(1e6) + all.length);"),
    );
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).join("\n")).toMatch(/memory/i);
  });

  test("fails with the message and the place of what it threw", async () => {
    const execution = await run(server(), script("throwing_script", "\nthrow new Error('no luck');"));
    expect(execution.state.current).toBe("FAILED");
    expect((await messages(server(), execution.id, "ERROR")).join("\n")).toContain("no luck");
  });
});
