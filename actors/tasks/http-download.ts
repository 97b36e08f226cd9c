import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { checkStatus, headersOutput, httpCall, httpInput } from "./http-common.ts";
import { dynamic } from "./property.ts";

/** Most bytes of a file when `options.maxContentLength` says nothing. */
const MAX_FILE_BYTES = 1_073_741_824;

const input = z.object({
  ...httpInput,
  failOnEmptyResponse: dynamic(z.boolean()).default(true).describe("An empty answer is a failure"),
  saveAs: dynamic(z.string()).describe("Name of the stored file").optional(),
});
type Props = z.output<typeof input>;

const output = z.object({
  uri: z.string().describe("The stored file").optional(),
  code: z.int().describe("Status"),
  length: z.int().describe("Bytes of the file"),
  headers: z.record(z.string(), z.array(z.string())).describe("Headers of the answer, each with its values"),
});

type Head = { url: string; headers: Readonly<Record<string, readonly string[]>> };

/** `saveAs`, else the name in Content-Disposition, else `download` with the ending of the address. */
function fileName(head: Head, saveAs: string | undefined): string {
  const disposition = head.headers["content-disposition"]?.[0] ?? "";
  const named =
    /filename="([^"]{1,255})"/i.exec(disposition)?.[1] ?? /filename=([^;\s]{1,255})/i.exec(disposition)?.[1];
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(head.url.split(/[?#]/)[0] ?? "")?.[0] ?? "";
  const path = head.url.replace(/^\w+:\/\/[^/]*/, "");
  const name = saveAs ?? named ?? `download${path === "" ? "" : ending}`;
  return name.split(/[\\/]/).at(-1) || "download";
}

export const httpDownload: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.http.Download",
  aliases: ["io.kestra.plugin.fs.http.Download"],
  title: "Download a file",
  description: "Sends a request and keeps the answer as a file in the internal storage.",
  where: "edge",
  input,
  output,
  examples: [
    {
      title: "Keep a CSV file",
      yaml: `id: http_download
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://huggingface.co/datasets/kestra/datasets/raw/main/csv/orders.csv
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.fetch.length }} bytes in {{ outputs.fetch.uri }}"
`,
    },
  ],
  async run(props, ctx) {
    const call = await httpCall(props, ctx);
    const maxBytes = props.options?.maxContentLength ?? MAX_FILE_BYTES;
    const answer = await ctx.download({ ...call, maxBytes }, (head) => fileName(head, props.saveAs));
    checkStatus(props, answer, "");
    const expected = answer.headers["content-length"]?.[0];
    const encoded = answer.headers["content-encoding"] !== undefined;
    const complete = expected === undefined || encoded || props.method === "HEAD" || Number(expected) === answer.length;
    if (answer.uri !== undefined && !complete) {
      throw new TaskFailure(`Invalid size, got ${answer.length}, expected ${expected}`);
    }
    if (answer.length === 0) {
      const message = `No answer from ${answer.url}: its body is empty`;
      if (props.failOnEmptyResponse && !props.allowFailed && !props.options?.allowFailed)
        throw new TaskFailure(message);
      ctx.log("WARN", message);
    }
    ctx.metric({ name: "response.length", type: "counter", value: answer.length });
    const outputs = { code: answer.status, length: answer.length, headers: headersOutput(answer) };
    return { outputs: answer.uri === undefined ? outputs : { uri: answer.uri, ...outputs } };
  },
};
