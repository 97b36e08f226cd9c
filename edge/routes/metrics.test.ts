import { beforeEach, expect, test } from "vitest";
import { createTestServer, HELLO, type TestServer, yaml } from "#test/support/fake-env.ts";

let server: TestServer;
let path: string;
beforeEach(async () => {
  server = createTestServer();
  await server.request("/api/v1/flows", yaml(HELLO));
  const { id } = await (await server.request("/api/v1/executions/company.team/hello", { method: "POST" })).json();
  path = `/api/v1/metrics/${id}`;
  for (const cell of server.cells.values())
    cell.measured = [
      { name: "rows", type: "counter", value: 3 },
      { name: "took", type: "timer", value: 1500, tags: { of: "load" } },
      { name: "full", type: "gauge", value: 0.5 },
    ];
});
const names = async (query = "") =>
  (await (await server.request(`${path}${query}`)).json()).results.map(({ name }: { name: string }) => name);

test("the metrics of an execution come in pages, sorted as asked", async () => {
  const body = await (await server.request(`${path}?size=2`)).json();
  expect(body.total).toBe(3);
  expect(body.results[1]).toMatchObject({ name: "took", type: "timer", value: 1500, tags: { of: "load" } });
  expect(await names("?size=2&page=2")).toEqual(["full"]);
  expect(await names("?sort=value:desc")).toEqual(["took", "rows", "full"]);
  expect(await names("?sort=name:asc")).toEqual(["full", "rows", "took"]);
});

test("a task or task run narrows them", async () => {
  const { results } = await (await server.request(`${path}?taskId=load`)).json();
  expect(results[0].taskId).toBe("load");
});

test("wrong requests are refused, and an unknown execution is not found", async () => {
  for (const query of ["?sort=tags:asc", "?size=0", "?page=x"])
    expect((await server.request(`${path}${query}`)).status, query).toBe(422);
  expect((await server.request("/api/v1/metrics/0123456789012345678900")).status).toBe(404);
  expect((await server.request("/api/v1/metrics/none")).status).toBe(404);
});
