import { afterAll, beforeAll, expect, test } from "vitest";
import { poll } from "../support/poll.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { flow, messages, run, taskRun, useServer } from "./fixture.ts";

const server = useServer();
let sink: Sink;
beforeAll(async () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `${row},"name, ${row}",${row % 100}`);
  const body = `id,name,total\n${rows.join("\n")}\n`;
  sink = await startSink({ fixtures: { "/orders.csv": { type: "text/csv", body } } });
});
afterAll(() => sink.close());

const CORE = "io.kestra.plugin.core";
const SERDES = "io.kestra.plugin.serdes";

test("a CSV file goes through filters and every format, and its metrics can be read", async () => {
  const execution = await run(
    server(),
    flow(
      "formats",
      `
tasks:
  - {id: fetch, type: ${CORE}.http.Download, uri: "${sink.url}/orders.csv"}
  - {id: rows, type: ${SERDES}.csv.CsvToIon, from: "{{ outputs.fetch.uri }}"}
  - {id: large, type: ${CORE}.storage.FilterItems, from: "{{ outputs.rows.uri }}", filterCondition: "{{ total == '99' }}"}
  - {id: last, type: ${CORE}.storage.DeduplicateItems, from: "{{ outputs.rows.uri }}", expr: "{{ total }}"}
  - {id: book, type: ${SERDES}.excel.IonToExcel, from: "{{ outputs.large.uri }}"}
  - {id: sheets, type: ${SERDES}.excel.ExcelToIon, from: "{{ outputs.book.uri }}"}
  - {id: xml, type: ${SERDES}.xml.IonToXml, from: "{{ outputs.sheets.uris.Sheet }}"}
  - {id: items, type: ${SERDES}.xml.XmlToIon, from: "{{ outputs.xml.uri }}", query: /items/item}
  - {id: json, type: ${SERDES}.json.IonToJson, from: "{{ outputs.items.uri }}"}
  - {id: reversed, type: ${CORE}.storage.Reverse, from: "{{ outputs.json.uri }}"}
  - {id: size, type: ${CORE}.storage.Size, uri: "{{ outputs.reversed.uri }}"}
  - {id: show, type: ${CORE}.log.Log, message: "{{ read(outputs.reversed.uri) | split('\\n') | first }}"}
  - {id: logs, type: ${CORE}.log.Fetch, tasksId: [show]}
  - {id: publish, type: ${CORE}.metric.Publish, metrics: [{type: gauge, name: lines, value: "{{ outputs.logs.size }}"}]}
  - {id: purge, type: ${CORE}.storage.PurgeCurrentExecutionFiles}
`,
    ),
  );
  expect(execution.state.current).toBe("SUCCESS");
  expect(taskRun(execution, "large").outputs).toMatchObject({ processedItemsTotal: 20_000, droppedItemsTotal: 19_800 });
  expect(taskRun(execution, "last").outputs).toMatchObject({ numKeys: 100 });
  expect(taskRun(execution, "sheets").outputs).toMatchObject({ size: 200 });
  expect(await messages(server(), execution.id, "INFO")).toContain('{"id":"19999","name":"name, 19999","total":"99"}');
  const path = `/metrics/${execution.id}?size=100`;
  const { results } = await server().api.json<{ results: { taskId: string; name: string; value: number }[] }>({ path });
  expect(results).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ taskId: "rows", name: "records", value: 20_000 }),
      expect.objectContaining({ taskId: "publish", name: "lines", type: "gauge", value: 1 }),
    ]),
  );
  const { uris } = taskRun(execution, "purge").outputs as { uris: string[] };
  expect(uris.length).toBeGreaterThan(8);
});

test("states stay from execution to execution, triggers are switched, and others are told", async () => {
  const source = flow(
    "stateful",
    `
tasks:
  - {id: last, type: ${CORE}.state.Get}
  - {id: set, type: ${CORE}.state.Set, data: {runs: "{{ (outputs.last.data.runs ?? 0) + 1 }}"}}
  - {id: off, type: ${CORE}.trigger.Toggle, trigger: yearly}
  - {id: tell, type: io.kestra.plugin.slack.SlackExecution, url: "${sink.url}/effect?e={{ execution.id }}&s=slack"}
triggers:
  - {id: yearly, type: ${CORE}.trigger.Schedule, cron: "@yearly"}
`,
  );
  await run(server(), source);
  const second = await run(server(), source);
  expect(second.state.current).toBe("SUCCESS");
  expect(taskRun(second, "last").outputs).toEqual({ count: 1, data: { runs: 1 } });
  expect(sink.count(second.id, "slack")).toBe(1);
  const path = "/triggers/company.team/stateful";
  const { results } = await server().api.json<{ results: { disabled: boolean }[] }>({ path });
  expect(results).toMatchObject([{ triggerId: "yearly", disabled: true }]);
});

test("old executions and log lines are counted and purged", async () => {
  await run(server(), flow("old", `tasks:\n  - {id: say, type: ${CORE}.log.Log, message: old news}\n`));
  // The lists lag a little behind.
  const path = "/executions/search?flowId=old&namespace=company.team&state=SUCCESS";
  await poll(async () => (await server().api.json<{ total: number }>({ path })).total === 1 || undefined, {
    what: "the old execution in the lists",
  });
  const cutOff = new Date(Date.now() + 60_000).toISOString();
  const execution = await run(
    server(),
    flow(
      "housekeeping",
      `
tasks:
  - id: count
    type: ${CORE}.execution.Count
    flows: [{namespace: company.team, flowId: old}]
    startDate: "2020-01-01T00:00:00Z"
    endDate: "${cutOff}"
    expression: "{{ count == 1 }}"
  - {id: logs, type: ${CORE}.log.PurgeLogs, namespace: company.team, flowId: old, endDate: "${cutOff}"}
  - {id: purge, type: ${CORE}.execution.PurgeExecutions, namespace: company.team, flowId: old, endDate: "${cutOff}"}
  - {id: own, type: ${CORE}.execution.PurgeExecutions, namespace: company.team, flowId: housekeeping, endDate: "${cutOff}"}
`,
    ),
  );
  expect(execution.state.current).toBe("SUCCESS");
  expect(taskRun(execution, "count").outputs).toMatchObject({ total: 1 });
  expect(taskRun(execution, "logs").outputs?.count).toBeGreaterThan(0);
  expect(taskRun(execution, "purge").outputs).toMatchObject({ executionsCount: 1, logsCount: 0 });
  expect(taskRun(execution, "own").outputs).toMatchObject({ executionsCount: 0 });
});
