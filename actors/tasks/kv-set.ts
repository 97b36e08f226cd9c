import * as z from "zod";
import { KV_TYPES, kvTypeOf, parseKv } from "#schema/kv.ts";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { checkKey, kvInput } from "./kv-common.ts";
import { anything, duration, dynamic, typed } from "./property.ts";

const input = z.object({
  ...kvInput,
  value: typed(anything()).describe("The value; an expression alone keeps its type"),
  kvType: dynamic(z.enum(KV_TYPES)).describe("Turns a text into this type").optional(),
  overwrite: dynamic(z.boolean()).default(true).describe("Replace a value that is there; when false that is a failure"),
  ttl: dynamic(duration().min(0)).describe("The value is gone after this time").optional(),
  kvDescription: dynamic(z.string()).describe("What the value is, for people").optional(),
});
type Props = z.output<typeof input>;

export const kvSet: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.kv.Set",
  aliases: [],
  title: "Keep a value",
  description: "Keeps a value under a key of a namespace, for later executions to read.",
  where: "edge",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Remember the last run",
      yaml: `id: kv_set
namespace: company.team
tasks:
  - id: remember
    type: io.kestra.plugin.core.kv.Set
    key: last_run
    value: "{{ execution.startDate }}"
    kvType: DATETIME
    ttl: P30D
`,
    },
  ],
  async run(props, ctx) {
    const key = checkKey(props.key);
    const { value, kvType } = props;
    const convert = kvType !== undefined && typeof value === "string";
    const converted = convert ? parseKv(value, kvType) : value;
    if (converted === undefined) throw new TaskFailure(`The value is no ${kvType}: ${String(value).slice(0, 200)}`);
    const stored = await ctx.kv.set(
      props.namespace ?? ctx.flow.namespace,
      key,
      { type: convert ? kvType : kvTypeOf(converted), value: converted },
      {
        overwrite: props.overwrite,
        ...(props.ttl === undefined ? {} : { ttlMs: props.ttl }),
        ...(props.kvDescription === undefined ? {} : { description: props.kvDescription }),
      },
    );
    if (stored === "stored") return {};
    throw new TaskFailure(
      `Cannot set value for key '${key}'. Key already exists and \`overwrite\` is set to \`false\`.`,
    );
  },
};
