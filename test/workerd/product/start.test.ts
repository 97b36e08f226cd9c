import { expect, test } from "vitest";
import { flow, listed, messages, run, TYPES } from "../support/client.ts";

test("a flow is created, run to its end within one call, and shown in the list", async () => {
  const ended = await run(
    flow(
      "hello",
      `
inputs:
  - id: name
    type: STRING
labels:
  team: red
tasks:
  - id: greet
    type: ${TYPES.return}
    format: Hello {{ inputs.name }}
  - id: say
    type: ${TYPES.log}
    message: "{{ outputs.greet.value }}"
`,
    ),
    { name: "Ada" },
  );
  expect(ended.state.current).toBe("SUCCESS");
  expect(await messages(ended.id)).toContain("Hello Ada");
  const row = await listed(ended.id, "SUCCESS");
  expect(row.labels).toContainEqual({ key: "team", value: "red" });
});
