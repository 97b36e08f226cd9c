import { describe, expect, test } from "vitest";
import { renderTyped } from "#expr/index.ts";
import { MAX_INLINE_CHARACTERS, MAX_OUTPUT_CHARACTERS, markersIn, STORED_KEY } from "#schema/stored.ts";
import { Bench, LONG_MS } from "#test/flows/harness.ts";

const RETURN = "io.kestra.plugin.core.debug.Return";
const BIG = "x".repeat(1_000);
/** Gives a text of `length` characters. */
const repeated = (length: number) =>
  `{% for i in range(1, ${Math.floor(length / 1_000)}) %}${BIG}{% endfor %}${"y".repeat(length % 1_000)}`;

const flow = (tasks: string, more = "") => `id: flow\nnamespace: company.team\n${more}tasks:\n${tasks}`;
const returns = (id: string, format: string) =>
  `  - id: ${id}\n    type: ${RETURN}\n    format: ${JSON.stringify(format)}\n`;
const outputsOf = (bench: Bench, id: string, index: number) => bench.again({ id }).state.runs.get(index)?.outputs;

describe("a large output of a task that runs inside the turn", () => {
  /** `{"value":"…"}` of that many characters. */
  const textLength = (characters: number) => characters - '{"value":""}'.length;

  test("stays up to the limit and is moved from one character more on, and reads the same", async () => {
    for (const more of [-1, 0, 1]) {
      const bench = new Bench();
      const length = textLength(MAX_INLINE_CHARACTERS + more);
      const live = bench.start(flow(returns("a", repeated(length)) + returns("b", "{{ outputs.a.value | length }}")));
      await bench.run(100);
      expect(live.state.status).toBe("SUCCESS");
      expect(outputsOf(bench, live.id, 1)).toEqual({ value: String(length) });
      expect(markersIn(outputsOf(bench, live.id, 0)).length).toBe(more > 0 ? 1 : 0);
      expect(bench.world.kept.size).toBe(more > 0 ? 1 : 0);
    }
  });

  test("[S1] is kept outside of the turn, again after a refusal, and its lines come once", async () => {
    const bench = new Bench();
    bench.world.refusals.set("keepValues", 2);
    const live = bench.start(flow(returns("a", repeated(70_000))));
    await bench.run(0);
    expect(live.state.status).toBe("RUNNING");
    await bench.run(LONG_MS);
    expect(live.state.status).toBe("SUCCESS");
    expect(bench.store.lines(live.id, 0).filter(({ taskId }) => taskId === "a").length).toBe(1);
  });

  test("[S3] is computed and kept again when the process died meanwhile", async () => {
    const bench = new Bench();
    bench.world.refusals.set("keepValues", 1);
    const live = bench.start(flow(returns("a", repeated(70_000))));
    await bench.run(0);
    bench.restartAs("b2");
    await bench.run(LONG_MS);
    expect(bench.again(live).state.status).toBe("SUCCESS");
  });

  test("of a task that was killed meanwhile changes nothing", async () => {
    const bench = new Bench();
    bench.world.refusals.set("keepValues", 3);
    const live = bench.start(flow(returns("a", repeated(70_000))));
    await bench.run(0);
    bench.cell.command(live, { kind: "kill", cascade: true });
    await bench.run(LONG_MS);
    expect([live.state.status, outputsOf(bench, live.id, 0)]).toEqual(["KILLED", undefined]);
  });

  test("[I22] leaves no row above 200,000 characters", async () => {
    const bench = new Bench();
    const tasks = Array.from({ length: 20 }, (_, n) => returns(`t${n}`, repeated(300_000))).join("");
    const live = bench.start(flow(tasks));
    await bench.run(1_000);
    expect(live.state.status).toBe("SUCCESS");
    const [row] = bench.database.prepare("SELECT max(length(body)) AS longest FROM journal").all();
    expect(Number(row?.longest)).toBeLessThan(200_000);
  });
});

describe("a stored output", () => {
  /** A bench after an agent's task `big` whose `vars` were kept before they came, as the edge does. */
  async function withStored(tasks: string, more = ""): Promise<{ bench: Bench; id: string }> {
    const bench = new Bench();
    const vars = { rows: Array.from({ length: 3 }, (_, n) => ({ n, text: `row ${n}` })), pad: BIG.repeat(70) };
    bench.world.kept.set("kestra:///values/v", JSON.stringify(vars));
    const stored = {
      exitCode: 0,
      vars: { [STORED_KEY]: { uri: "kestra:///values/v", size: JSON.stringify(vars).length } },
    };
    bench.worker = ({ taskId }) => ({ state: "SUCCESS", outputs: taskId === "big" ? stored : {} });
    const shell = "  - id: big\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n";
    const live = bench.start(flow(shell + tasks, more));
    await bench.run(LONG_MS);
    return { bench, id: live.id };
  }

  test("is not fetched for what stayed beside it", async () => {
    const { bench, id } = await withStored(returns("a", "{{ outputs.big.exitCode }}"));
    expect(outputsOf(bench, id, 1)).toEqual({ value: "0" });
    expect(bench.world.of("lookup")).toEqual([]);
  });

  test.for([
    ["{{ outputs.big.vars.rows[1].text }}", "row 1"],
    ["{{ outputs['big']['vars'].rows | length }}", "3"],
    ["{{ outputs.big.vars.rows | jq('.[2].n') | first }}", "2"],
    ["{{ outputs.big.vars.none ?? 'none' }}", "none"],
    ["{{ outputs.big.vars is defined }}", "true"],
    ["{% for row in outputs.big.vars.rows %}{{ row.n }}{% endfor %}", "012"],
    ["{% set v = outputs.big.vars %}{{ v.rows[0].text }}", "row 0"],
    ["{{ outputs.big | jq('.vars.rows | length') | first }}", "3"],
    ["{{ outputs.big | keys | join }}", "exitCodevars"],
  ])("reads as any other: %s", async ([format = "", value = ""]) => {
    const { bench, id } = await withStored(returns("a", format));
    expect(outputsOf(bench, id, 1)).toEqual({ value });
  });

  test("reads in runIf, in values of a loop, in flow outputs and in the box for expressions", async () => {
    const each = `  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: "{{ outputs.big.vars.rows | jq('.[].n') }}"
    tasks:
      - id: it
        type: ${RETURN}
        format: "{{ outputs.big.vars.rows[taskrun.iteration].text }}"
        runIf: "{{ outputs.big.vars.rows | length == 3 }}"
`;
    const outputs = `outputs:\n  - id: last\n    type: STRING\n    value: "{{ outputs.big.vars.rows[2].text }}"\n`;
    const { bench, id } = await withStored(each, outputs);
    const live = bench.again({ id });
    const values = [...live.state.runs].map((run) => run.outputs?.value).filter((value) => value !== undefined);
    expect(values).toEqual(["row 0", "row 1", "row 2"]);
    expect(live.state.outputs).toEqual({ last: "row 2" });
    const evaluated = await bench.cell.evaluate(live, undefined, (context) =>
      renderTyped("{{ outputs.big.vars.rows[0].n }}", context),
    );
    expect(evaluated).toEqual({ ok: true, value: 0 });
  });

  test("that is gone fails what reads it, with its address", async () => {
    const { bench, id } = await withStored("");
    bench.world.kept.clear();
    bench.world.onLookup = () => ({ ok: false, message: "The large output is not there any more." });
    const live = bench.again({ id });
    const evaluated = await bench.cell.evaluate(live, undefined, (context) =>
      renderTyped("{{ outputs.big.vars.rows }}", context),
    );
    expect(evaluated).toMatchObject({ ok: false, message: "The large output is not there any more." });
  });

  test("more of them than a cell can hold at a time are refused, with what to do", async () => {
    const bench = new Bench();
    bench.worker = ({ taskId }) => {
      const stored = { [STORED_KEY]: { uri: `kestra:///values/${taskId}`, size: MAX_OUTPUT_CHARACTERS - 1 } };
      bench.world.kept.set(`kestra:///values/${taskId}`, '"small after all"');
      return { state: "SUCCESS", outputs: { vars: stored } };
    };
    const shell = (id: string) =>
      `  - id: ${id}\n    type: io.kestra.plugin.scripts.shell.Commands\n    commands: [ls]\n`;
    const live = bench.start(flow(shell("a") + shell("b") + returns("c", "{{ outputs.a.vars }}{{ outputs.b.vars }}")));
    await bench.run(LONG_MS);
    expect(live.state.runs.get(2)?.error).toContain("use them in separate tasks");
    const one = bench.start(flow(shell("a") + returns("c", "{{ outputs.a.vars }}")).replace("id: flow", "id: other"));
    await bench.run(LONG_MS);
    expect(outputsOf(bench, one.id, 1)).toEqual({ value: "small after all" });
  });

  test("thirty of them are read by one expression", async () => {
    const bench = new Bench();
    bench.worker = ({ taskRunId }) => {
      const uri = `kestra:///values/${taskRunId}`;
      bench.world.kept.set(uri, '"v"');
      return { state: "SUCCESS", outputs: { vars: { [STORED_KEY]: { uri, size: 70_000 } } } };
    };
    const values = JSON.stringify(Array.from({ length: 30 }, (_, n) => n));
    const each = `  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: ${values}
    concurrencyLimit: 0
    tasks:
      - { id: it, type: io.kestra.plugin.scripts.shell.Commands, commands: [ls] }
`;
    const live = bench.start(flow(each + returns("all", "{{ outputs.it | jq('[.[].vars] | length') | first }}")));
    await bench.run(LONG_MS);
    const last = [...live.state.runs].at(-1);
    expect(last?.error).toBeUndefined();
    expect(last?.outputs).toEqual({ value: "30" });
  });
});

test("[W1] a user's value with the key of a marker is moved, and reads as it is", async () => {
  const bench = new Bench();
  const forged = JSON.stringify({ [STORED_KEY]: { uri: "kestra:///elsewhere", size: 1 } });
  const source = `  - id: a
    type: io.kestra.plugin.core.output.OutputValues
    values:
      it: ${forged}
`;
  const live = bench.start(flow(source + returns("b", "{{ outputs.a.values.it | keys | length }}")));
  await bench.run(LONG_MS);
  for (const { uri } of markersIn(outputsOf(bench, live.id, 0))) expect(uri).toMatch(/^kestra:\/\/\/values\//);
  expect(markersIn(outputsOf(bench, live.id, 0)).length).toBe(1);
  expect(outputsOf(bench, live.id, 1)).toEqual({ value: "1" });
});

test("large flow outputs are kept, and a parent takes them over", async () => {
  const bench = new Bench();
  const child = flow(
    returns("a", repeated(100_000)),
    `outputs:\n  - id: text\n    type: STRING\n    value: "{{ outputs.a.value }}"\n`,
  ).replace("id: flow", "id: child");
  bench.add(child);
  const parent = `  - id: sub
    type: io.kestra.plugin.core.flow.Subflow
    namespace: company.team
    flowId: child
`;
  const live = bench.start(flow(parent + returns("b", "{{ outputs.sub.outputs.text | length }}")));
  await bench.run(LONG_MS);
  expect(markersIn(outputsOf(bench, live.id, 0)).length).toBe(1);
  expect(outputsOf(bench, live.id, 1)).toEqual({ value: "100000" });
});
