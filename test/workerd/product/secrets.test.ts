import { abortAllDurableObjects } from "cloudflare:test";
import { expect, test } from "vitest";
import {
  execute,
  execution,
  flow,
  json,
  messages,
  NAMESPACE,
  saveFlow,
  send,
  settled,
  start,
  TYPES,
} from "../support/client.ts";
import { useClock, wakeAfter } from "../support/time.ts";

useClock();

const SECRET = "s3cret-Pa55word/+=";

test("a sealed secret is read, and hidden also by a cell that was torn down since", async () => {
  const body = JSON.stringify({ key: "TOKEN", value: SECRET });
  await json(`/namespaces/${NAMESPACE}/secrets`, { method: "PUT", body });
  expect(JSON.stringify(await json(`/namespaces/${NAMESPACE}/secrets`))).not.toContain("Pa55word");
  const { id } = await start(
    flow(
      "secretive",
      `
tasks:
  - id: token
    type: ${TYPES.return}
    format: "Bearer {{ secret('TOKEN') }}"
  - id: hold
    type: ${TYPES.pause}
    pauseDuration: PT1H
  - id: say
    type: io.kestra.plugin.core.log.Log
    message: "sent {{ outputs.token.value }}"
`,
    ),
  );
  await settled(id, "PAUSED");
  await abortAllDurableObjects();
  await wakeAfter(3_600_000, id);
  expect((await settled(id)).state.current).toBe("SUCCESS");
  // The text that holds it was sealed as a whole, and so is hidden as a whole.
  expect(await messages(id)).toContain("sent ******");
  for (const path of [`/executions/${id}`, `/executions/${id}/events`])
    expect(await (await send(`/api/v1${path}`)).text(), path).not.toContain("Pa55word");
  expect((await execution(id)).taskRunList?.[0]?.outputs).toEqual({ value: "Bearer ******" });
});

test("what a namespace says is seen by the start that follows", async () => {
  const say = (stage: string, method = "PUT") => {
    const body = JSON.stringify({ id: NAMESPACE, variables: { stage } });
    return json(method === "POST" ? "/namespaces" : `/namespaces/${NAMESPACE}`, { method, body });
  };
  const task = `  - id: say\n    type: io.kestra.plugin.core.log.Log\n    message: "in {{ namespace.stage }}"\n`;
  await saveFlow(flow("staged", `tasks:\n${task}`));
  await say("first", "POST");
  for (const stage of ["second", "third"]) {
    await say(stage);
    const { id } = await execute("staged");
    await settled(id);
    expect(await messages(id)).toContain(`in ${stage}`);
  }
});
