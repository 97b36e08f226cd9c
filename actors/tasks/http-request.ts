import * as z from "zod";
import { decoderOf, decodeText } from "#schema/bytes.ts";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { checkStatus, headersOutput, httpCall, httpInput } from "./http-common.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  ...httpInput,
  encryptBody: dynamic(z.boolean())
    .default(false)
    .describe("Keep the answer's body encrypted; needs an encryption key"),
});
type Props = z.output<typeof input>;

const output = z.object({
  uri: z.string().describe("Address that answered, after redirects"),
  code: z.int().describe("Status"),
  headers: z.record(z.string(), z.array(z.string())).describe("Headers of the answer, each with its values"),
  body: z.string().describe("Body of the answer").optional(),
});

export const httpRequest: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.http.Request",
  aliases: ["io.kestra.plugin.fs.http.Request"],
  title: "Send an HTTP request",
  description:
    "Sends a request and gives its answer back as outputs. The body must be text of at most `options.maxContentLength` bytes; use Download for files. Private addresses are refused unless the server allows them.",
  where: "edge",
  input,
  output,
  examples: [
    {
      title: "Read JSON",
      yaml: `id: http_get
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Request
    uri: https://dummyjson.com/products/1
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.fetch.code }}: {{ fromJson(outputs.fetch.body).title }}"
`,
    },
    {
      title: "Send JSON with a token",
      yaml: `id: http_post
namespace: company.team
tasks:
  - id: send
    type: io.kestra.plugin.core.http.Request
    uri: https://example.com/api/items
    method: POST
    contentType: application/json
    headers:
      Authorization: "Bearer {{ secret('API_TOKEN') }}"
    body: |
      {"execution": "{{ execution.id }}"}
`,
    },
    {
      title: "Send a form with a file",
      yaml: `id: http_upload
namespace: company.team
inputs:
  - id: report
    type: FILE
tasks:
  - id: send
    type: io.kestra.plugin.core.http.Request
    uri: https://example.com/upload
    method: POST
    contentType: multipart/form-data
    formData:
      title: Report
      file: "{{ inputs.report }}"
    options:
      auth:
        type: BASIC
        username: me
        password: "{{ secret('PASSWORD') }}"
`,
    },
  ],
  async run(props, ctx) {
    if (props.encryptBody) throw new TaskFailure("`encryptBody` needs an encryption key, and none is configured");
    const answer = await ctx.http(await httpCall(props, ctx));
    const { defaultCharset = "UTF-8" } = props.options ?? {};
    if (decoderOf(defaultCharset) === undefined)
      throw new TaskFailure(`\`options.defaultCharset\` is '${defaultCharset}', and there is no such charset.`);
    const body = decodeText(answer.body, charsetOf(answer.headers, defaultCharset));
    checkStatus(props, answer, body);
    if (body.includes("\uFFFD")) {
      throw new TaskFailure(
        "The answer's body is no text; use `io.kestra.plugin.core.http.Download` to keep it as a file",
      );
    }
    ctx.metric({ name: "response.length", type: "counter", value: answer.body.length });
    const outputs = { uri: answer.url, code: answer.status, headers: headersOutput(answer) };
    return { outputs: answer.body.length === 0 ? outputs : { ...outputs, body } };
  },
};

function charsetOf(headers: Readonly<Record<string, readonly string[]>>, fallback: string): string {
  const type = headers["content-type"]?.[0] ?? "";
  return /;\s*charset="?([\w-]{1,40})"?/i.exec(type)?.[1] ?? fallback;
}
