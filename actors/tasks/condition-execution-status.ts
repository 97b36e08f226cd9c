import * as z from "zod";
import { conditionAliases, conditionType, isState, listenerExample, stateLists } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  ...stateLists,
});

export const conditionExecutionStatus: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("ExecutionStatus"),
  aliases: conditionAliases("ExecutionStatus"),
  title: "The execution ended in a state",
  description: "Looks at the state of the execution.",
  input,
  examples: [
    {
      title: "After a failure",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.ExecutionStatus
  in: [FAILED, KILLED]`),
    },
  ],
  compile: (props) => isState("observed.state", props),
};
