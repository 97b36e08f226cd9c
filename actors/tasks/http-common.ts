import * as z from "zod";
import { base64 } from "#schema/bytes.ts";
import { type EdgeContext, type HttpAnswer, type HttpCall, TaskFailure } from "./define.ts";
import { formBody } from "./http-form.ts";
import { anyMap, deprecated, duration, dynamic, textMap } from "./property.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"] as const;

/** How long a call may take in all when nothing else is said, in ms. */
const DEFAULT_TIMEOUT_MS = 300_000;
export const DEFAULT_MAX_BYTES = 10_485_760;

const Auth = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("BASIC"),
    username: z.string().describe("User name").optional(),
    password: z.string().describe("Password").optional(),
  }),
  z.strictObject({ type: z.literal("BEARER"), token: z.string().describe("Token") }),
]);

export const HttpOptions = z.strictObject({
  timeout: z
    .strictObject({
      connectTimeout: duration().describe("Longest time to connect").optional(),
      readIdleTimeout: duration().describe("Longest time of the whole call, PT5M by default").optional(),
    })
    .describe("Limits of time")
    .optional(),
  auth: Auth.describe("Credentials").optional(),
  followRedirects: z.boolean().describe("Follow redirects, true by default").optional(),
  allowFailed: z.boolean().describe("A status of 400 or more is no failure").optional(),
  allowedResponseCodes: z.array(z.int()).describe("Any other status is a failure").optional(),
  defaultCharset: z.string().describe("Charset of the body, UTF-8 by default").optional(),
  maxContentLength: z.int().min(1).describe("Most bytes of the answer, 10485760 by default").optional(),
  proxy: anyMap().describe("Not possible here").optional(),
  ssl: z.looseObject({ insecureTrustAllCertificates: z.boolean().optional() }).describe("Certificates").optional(),
  logs: z.array(z.string()).describe("Ignored").optional(),
  basicAuthUser: deprecated(z.string(), "`auth`").describe("User name").optional(),
  basicAuthPassword: deprecated(z.string(), "`auth`").describe("Password").optional(),
  connectTimeout: deprecated(duration(), "`timeout`").describe("Longest time to connect").optional(),
  readTimeout: deprecated(duration(), "`timeout`").describe("Longest time of the whole call").optional(),
  readIdleTimeout: deprecated(duration(), "`timeout`").describe("Longest time of the whole call").optional(),
  connectionPoolIdleTimeout: deprecated(duration(), "").describe("Ignored").optional(),
  proxyType: deprecated(z.string(), "").describe("Only DIRECT is possible here").optional(),
  proxyAddress: deprecated(z.string(), "").describe("Not possible here").optional(),
  proxyPort: deprecated(z.int(), "").describe("Not possible here").optional(),
  proxyUsername: deprecated(z.string(), "").describe("Not possible here").optional(),
  proxyPassword: deprecated(z.string(), "").describe("Not possible here").optional(),
  logLevel: deprecated(z.string(), "").describe("Ignored").optional(),
});

/** Properties of every task that sends a request. */
export const httpInput = {
  uri: dynamic(z.string()).describe("Address, with `http` or `https`"),
  method: dynamic(z.enum(METHODS)).default("GET").describe("Method"),
  params: dynamic(z.record(z.string(), z.union([z.string(), z.array(z.string())])))
    .describe("Added to the address as its query")
    .optional(),
  headers: dynamic(textMap()).describe("Names and values of headers").optional(),
  body: dynamic(z.string()).describe("Body of the request").optional(),
  contentType: dynamic(z.string()).describe("Type of the body, `application/json` by default").optional(),
  formData: dynamic(anyMap())
    .describe(
      "Fields of a form, instead of `body`. With `contentType: multipart/form-data` a `kestra://` URI sends that file",
    )
    .optional(),
  allowFailed: dynamic(z.boolean()).default(false).describe("A status of 400 or more is no failure"),
  options: dynamic(HttpOptions).describe("Time limits, credentials and the like").optional(),
  sslOptions: deprecated(
    dynamic(z.looseObject({ insecureTrustAllCertificates: z.boolean().optional() })),
    "`options.ssl`",
  )
    .describe("Certificates")
    .optional(),
};
const Http = z.object(httpInput);
export type HttpProps = z.output<typeof Http>;

/** The request that the properties describe. Throws a TaskFailure for what cannot be done here. */
export async function httpCall(props: HttpProps, ctx: EdgeContext): Promise<HttpCall> {
  refuseImpossible(props);
  const headers = new Map(Object.entries(props.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const authorization = authorizationOf(props);
  if (authorization !== undefined && !headers.has("authorization")) headers.set("authorization", authorization);
  const body = await bodyOf(props, headers.get("content-type"), ctx);
  if (body !== undefined && (body.replaces || !headers.has("content-type"))) headers.set("content-type", body.type);
  const { options } = props;
  return {
    url: withQuery(props.uri.trim(), props.params),
    method: props.method,
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body: body.content }),
    followRedirects: options?.followRedirects ?? true,
    timeoutMs:
      options?.timeout?.readIdleTimeout ?? options?.readTimeout ?? options?.readIdleTimeout ?? DEFAULT_TIMEOUT_MS,
    maxBytes: options?.maxContentLength ?? DEFAULT_MAX_BYTES,
  };
}

function refuseImpossible({ options, sslOptions }: HttpProps): void {
  const direct = options?.proxyType === undefined || options.proxyType === "DIRECT";
  if (options?.proxy !== undefined || options?.proxyAddress !== undefined || !direct) {
    throw new TaskFailure("`options.proxy` is not possible here: requests leave directly");
  }
  if (options?.ssl?.insecureTrustAllCertificates || sslOptions?.insecureTrustAllCertificates) {
    throw new TaskFailure("`insecureTrustAllCertificates` is not possible here: certificates are always checked");
  }
}

function authorizationOf({ options }: HttpProps): string | undefined {
  const auth = options?.auth;
  if (auth?.type === "BEARER") return `Bearer ${auth.token}`;
  const user = auth?.username ?? options?.basicAuthUser;
  const password = auth?.password ?? options?.basicAuthPassword;
  return user === undefined && password === undefined
    ? undefined
    : `Basic ${base64(`${user ?? ""}:${password ?? ""}`)}`;
}

type Body = { content: string | Uint8Array; type: string; replaces: boolean };

async function bodyOf(props: HttpProps, headerType: string | undefined, ctx: EdgeContext): Promise<Body | undefined> {
  const type = props.contentType ?? headerType;
  if (props.formData !== undefined) return formBody(props.formData, type, ctx);
  if (props.body === undefined) return undefined;
  return { content: props.body, type: type ?? "application/json", replaces: props.contentType !== undefined };
}

function withQuery(uri: string, params: HttpProps["params"]): string {
  const pairs = Object.entries(params ?? {}).flatMap(([name, value]) =>
    [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item)}`),
  );
  if (pairs.length === 0) return uri;
  const [address = "", ...fragment] = uri.split("#");
  const joined = `${address}${address.includes("?") ? "&" : "?"}${pairs.join("&")}`;
  return [joined, ...fragment].join("#");
}

/** Throws a TaskFailure when the properties say that this status is one. `detail`: the start of the answer's body. */
export function checkStatus(props: HttpProps, answer: Pick<HttpAnswer, "status" | "url">, detail: string): void {
  const { options } = props;
  const allowed = options?.allowedResponseCodes;
  const listed = allowed?.includes(answer.status) ?? false;
  const refused = allowed === undefined ? answer.status >= 400 : !listed;
  if (!refused || props.allowFailed || options?.allowFailed) return;
  const shown = detail.trim() === "" ? "" : `: ${detail.trim().slice(0, 500)}`;
  throw new TaskFailure(
    `The request to ${answer.url} failed with status ${answer.status}${shown}. Set \`allowFailed: true\` to go on all the same`,
  );
}

export function headersOutput(answer: Pick<HttpAnswer, "headers">): { [name: string]: string[] } {
  return Object.fromEntries(Object.entries(answer.headers).map(([name, values]) => [name, [...values]]));
}
