import * as z from "zod";
import type { InlineTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  format: dynamic(z.string()).describe("The text to give back").optional(),
});
type Props = z.output<typeof input>;

const output = z.object({ value: z.string().describe("The rendered `format`").optional() });

export const debugReturn: InlineTask<Props> = {
  type: "io.kestra.plugin.core.debug.Return",
  aliases: ["io.kestra.core.tasks.debugs.Return"],
  title: "Give a value back",
  description:
    "Renders `format` and gives it back as `outputs.<task>.value`, always as text. Meant for trying expressions out.",
  where: "inline",
  input,
  output,
  examples: [
    {
      title: "Show what an expression gives",
      yaml: `id: return_date
namespace: company.team
tasks:
  - id: today
    type: io.kestra.plugin.core.debug.Return
    format: "{{ execution.startDate | date('yyyy-MM-dd') }}"
`,
    },
  ],
  run(props, ctx) {
    const { format } = props;
    if (format === undefined) return {};
    ctx.log("DEBUG", format);
    const tags = { format: format.slice(0, 200) };
    ctx.metric({ name: "length", type: "counter", value: format.length, tags });
    ctx.metric({ name: "duration", type: "timer", value: 0, tags });
    return { outputs: { value: format } };
  },
};
