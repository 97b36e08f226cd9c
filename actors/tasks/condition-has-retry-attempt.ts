import * as z from "zod";
import { State } from "#schema/state.ts";
import { conditionAliases, conditionType, listenerExample, literal, stateLists } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  ...stateLists,
});

export const conditionHasRetryAttempt: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("HasRetryAttempt"),
  aliases: conditionAliases("HasRetryAttempt"),
  title: "A task was tried more than once",
  description: "Holds when an attempt of a task run that has several ended in such a state.",
  input,
  examples: [
    {
      title: "After a retry that failed",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.HasRetryAttempt
  in: [FAILED]`),
    },
  ],
  compile({ in: allowed = [], notIn: refused = [] }) {
    const wanted = State.options.filter(
      (state) => (allowed.length === 0 || allowed.includes(state)) && !refused.includes(state),
    );
    const parts = wanted.map((state) => `(observed.retried contains ${literal(state)})`);
    return parts.length === 0 ? "false" : parts.join(" or ");
  },
};
