import { beforeEach, describe, expect, test } from "vitest";
import type { TriggerState } from "#actors/flow-actor/flow-rpc.ts";
import type { Condition, Paging } from "#edge/db/filter.ts";
import type { FlowSummary, Projection } from "#edge/ports/projection.ts";
import type { ExecutionSummary } from "#schema/execution.ts";

const firstPage: Paging = { page: 1, size: 100, sort: [] };

export function executionSummary(id: string, changes: Partial<ExecutionSummary> = {}): ExecutionSummary {
  return {
    id,
    tenant: "main",
    namespace: "company.team",
    flowId: "hello",
    flowRevision: 1,
    state: "RUNNING",
    startAt: 1000,
    endAt: null,
    durationMs: null,
    labels: [],
    triggerId: null,
    triggerType: null,
    triggerExecutionId: null,
    parentId: null,
    seq: 1,
    deleted: false,
    ...changes,
  };
}

export function flowSummary(id: string, changes: Partial<FlowSummary> = {}): FlowSummary {
  return {
    tenant: "main",
    namespace: "company.team",
    id,
    revision: 1,
    disabled: false,
    deleted: false,
    description: null,
    labels: [],
    json: JSON.stringify({ id }),
    updatedAt: 1,
    ...changes,
  };
}

function triggerState(triggerId: string, changes: Partial<TriggerState> = {}): TriggerState {
  return {
    triggerId,
    type: "io.kestra.plugin.core.trigger.Schedule",
    dateAt: null,
    nextAt: 5000,
    disabled: false,
    lockedBy: null,
    lockedAt: null,
    lastError: null,
    ...changes,
  };
}

/** What every projection promises. `make` gives an empty one. */
export function projectionContract(make: () => Projection | Promise<Projection>): void {
  let projection: Projection;
  beforeEach(async () => {
    projection = await make();
  });

  async function found(...conditions: Condition[]): Promise<string[]> {
    const { results } = await projection.searchExecutions("main", conditions, firstPage);
    return results.map(({ id }) => id).sort();
  }

  describe("executions", () => {
    test("[P1] a row never goes back, and the same row twice is once", async () => {
      const late = executionSummary("a", { seq: 5, state: "SUCCESS", endAt: 9000, durationMs: 8000 });
      await projection.upsertExecutions([executionSummary("a", { seq: 2 }), late]);
      await projection.upsertExecutions([late, executionSummary("a", { seq: 4, state: "PAUSED" })]);
      const page = await projection.searchExecutions("main", [], firstPage);
      expect(page).toEqual({ results: [late], total: 1 });
    });

    test("[P2] a deleted execution stays away", async () => {
      await projection.upsertExecutions([executionSummary("a", { seq: 3 })]);
      await projection.upsertExecutions([executionSummary("a", { seq: 3, deleted: true })]);
      await projection.upsertExecutions([executionSummary("a", { seq: 9 })]);
      expect(await found()).toEqual([]);
    });

    test("takes more rows at once than a batch has", async () => {
      await projection.upsertExecutions(Array.from({ length: 250 }, (_, index) => executionSummary(`e${index}`)));
      const page = await projection.searchExecutions("main", [], { page: 3, size: 100, sort: [] });
      expect(page.total).toBe(250);
      expect(page.results).toHaveLength(50);
      const past = await projection.searchExecutions("main", [], { page: 9, size: 100, sort: [] });
      expect(past).toEqual({ results: [], total: 250 });
    });

    test("sorts by the fields of the API", async () => {
      await projection.upsertExecutions([
        executionSummary("a", { startAt: 1, state: "SUCCESS" }),
        executionSummary("b", { startAt: 3, state: "FAILED" }),
        executionSummary("c", { startAt: 2, state: "SUCCESS" }),
      ]);
      const order = async (field: string, descending: boolean) => {
        const page = await projection.searchExecutions("main", [], { ...firstPage, sort: [{ field, descending }] });
        return page.results.map(({ id }) => id).join("");
      };
      expect(await order("state.startDate", true)).toBe("bca");
      expect(await order("state.startDate", false)).toBe("acb");
      expect(await order("state.current", false)).toBe("bca");
      expect(await order("id; drop table executions", false)).toBe("bca");
    });

    test("narrows by every condition", async () => {
      await projection.upsertExecutions([
        executionSummary("a", { labels: [{ key: "team", value: "red" }], startAt: 10, endAt: 20 }),
        executionSummary("b", { namespace: "company.team.child", state: "FAILED", startAt: 20, triggerId: "daily" }),
        executionSummary("c", { namespace: "company.teams", flowId: "other", triggerExecutionId: "a" }),
        executionSummary("d", { namespace: "system", flowId: "clean_up", labels: [{ key: "team", value: "blue" }] }),
        executionSummary("x", { tenant: "foreign" }),
      ]);
      const namespace = "namespace";
      expect(await found()).toEqual(["a", "b", "c", "d"]);
      expect(await found({ field: namespace, op: "PREFIX", values: ["company.team"] })).toEqual(["a", "b"]);
      expect(await found({ field: namespace, op: "EQUALS", values: ["company.team"] })).toEqual(["a"]);
      expect(await found({ field: namespace, op: "CONTAINS", values: ["TEAM"] })).toEqual(["a", "b", "c"]);
      expect(await found({ field: namespace, op: "STARTS_WITH", values: ["sys"] })).toEqual(["d"]);
      expect(await found({ field: namespace, op: "ENDS_WITH", values: [".child"] })).toEqual(["b"]);
      expect(await found({ field: "id", op: "GREATER_THAN", values: ["b"] })).toEqual(["c", "d"]);
      expect(await found({ field: "flowId", op: "NOT_IN", values: ["hello", "clean_up"] })).toEqual(["c"]);
      expect(await found({ field: "state", op: "IN", values: ["FAILED", "KILLED"] })).toEqual(["b"]);
      expect(await found({ field: "triggerId", op: "NOT_EQUALS", values: ["daily"] })).toEqual(["a", "c", "d"]);
      expect(await found({ field: "scope", scope: "SYSTEM" })).toEqual(["d"]);
      expect(await found({ field: "scope", scope: "USER" })).toEqual(["a", "b", "c"]);
      expect(await found({ field: "child", child: true })).toEqual(["c"]);
      expect(await found({ field: "child", child: false })).toEqual(["a", "b", "d"]);
      expect(await found({ field: "startAt", op: "GREATER_THAN", value: 10 })).toEqual(["b", "c", "d"]);
      expect(await found({ field: "endAt", op: "LESS_THAN_OR_EQUAL_TO", value: 20 })).toEqual(["a"]);
      expect(await found({ field: "q", text: "OTHER teams" })).toEqual(["c"]);
      expect(await found({ field: "q", text: "%" })).toEqual([]);
      const label = { field: "label", key: "team" } as const;
      expect(await found({ ...label, op: "EQUALS", value: "red" })).toEqual(["a"]);
      expect(await found({ ...label, op: "NOT_EQUALS", value: "red" })).toEqual(["b", "c", "d"]);
      expect(await found({ ...label, op: "CONTAINS", value: "lu" })).toEqual(["d"]);
    });

    test("text from outside stays data", async () => {
      await projection.upsertExecutions([executionSummary("a", { labels: [{ key: "k'", value: 'v"\\' }] })]);
      expect(await found({ field: "label", op: "EQUALS", key: "k'", value: 'v"\\' })).toEqual(["a"]);
      expect(await found({ field: "label", op: "EQUALS", key: "' or 1=1 --", value: "x" })).toEqual([]);
      expect(await found({ field: "q", text: "'); drop table executions; --" })).toEqual([]);
      expect(await found()).toEqual(["a"]);
    });
  });

  describe("flows", () => {
    test("[P1] an older revision changes nothing", async () => {
      await projection.upsertFlow(flowSummary("a", { revision: 3, description: "new" }));
      await projection.upsertFlow(flowSummary("a", { revision: 2, description: "old" }));
      const { results } = await projection.searchFlows("main", [], firstPage);
      expect(results).toEqual([flowSummary("a", { revision: 3, description: "new" })]);
    });

    test("a deleted flow is in no list, and comes back with its next revision", async () => {
      await projection.upsertFlow(flowSummary("a"));
      await projection.upsertFlow(flowSummary("a", { revision: 2, deleted: true }));
      await projection.upsertFlow(flowSummary("a"));
      expect((await projection.searchFlows("main", [], firstPage)).total).toBe(0);
      expect(await projection.namespaces("main")).toEqual([]);
      await projection.upsertFlow(flowSummary("a", { revision: 3 }));
      expect((await projection.searchFlows("main", [], firstPage)).total).toBe(1);
    });

    test("lists namespaces once, sorted, of the tenant", async () => {
      for (const [id, namespace] of [
        ["a", "z"],
        ["b", "b.c"],
        ["c", "b.c"],
      ] as const) {
        await projection.upsertFlow(flowSummary(id, { namespace }));
      }
      await projection.upsertFlow(flowSummary("d", { tenant: "foreign", namespace: "theirs" }));
      expect(await projection.namespaces("main")).toEqual(["b.c", "z"]);
    });

    test("finds by words and labels", async () => {
      await projection.upsertFlow(flowSummary("daily_report", { labels: [{ key: "a", value: "b" }] }));
      await projection.upsertFlow(flowSummary("import"));
      const search = async (...conditions: Condition[]) =>
        (await projection.searchFlows("main", conditions, firstPage)).results.map(({ id }) => id);
      expect(await search({ field: "q", text: "report" })).toEqual(["daily_report"]);
      expect(await search({ field: "label", op: "EQUALS", key: "a", value: "b" })).toEqual(["daily_report"]);
      expect(await search({ field: "state", op: "EQUALS", values: ["x"] })).toEqual([]);
    });
  });

  describe("triggers", () => {
    const flow = { tenant: "main", namespace: "company.team", flowId: "hello" };

    test("replaces those of the flow and no others", async () => {
      await projection.replaceTriggers(flow, [triggerState("a"), triggerState("b")]);
      await projection.replaceTriggers({ ...flow, flowId: "other" }, [triggerState("a")]);
      await projection.replaceTriggers(flow, [triggerState("b", { nextAt: 7000 }), triggerState("c")]);
      const { results, total } = await projection.searchTriggers("main", { flowId: "hello" }, firstPage);
      expect(results).toEqual([
        { ...flow, ...triggerState("b", { nextAt: 7000 }) },
        { ...flow, ...triggerState("c") },
      ]);
      expect(total).toBe(2);
      await projection.replaceTriggers(flow, []);
      expect((await projection.searchTriggers("main", { namespace: "company" }, firstPage)).total).toBe(1);
    });

    test("finds flows that are overdue or wait too long", async () => {
      await projection.replaceTriggers(flow, [triggerState("a", { nextAt: 100 }), triggerState("b", { nextAt: 50 })]);
      await projection.replaceTriggers({ ...flow, flowId: "off" }, [
        triggerState("a", { nextAt: 100, disabled: true }),
      ]);
      await projection.replaceTriggers({ ...flow, flowId: "later" }, [triggerState("a", { nextAt: 300 })]);
      const waits = triggerState("a", { nextAt: 100, lockedBy: "e", lockedAt: 90 });
      await projection.replaceTriggers({ ...flow, flowId: "waits" }, [waits]);
      const overdue = await projection.overdueFlows(200, 10);
      expect(overdue.map(({ flowId }) => flowId).sort()).toEqual(["hello", "waits"]);
    });
  });
}
