import { type Downloaded, type HttpAnswer, type HttpCall, type HttpStream, TaskFailure } from "#tasks/define.ts";
import { isPrivateHost } from "./private-hosts.ts";

// The one way out for tasks.
//
// H1. Only http and https. Only public hosts, unless the operator opened private networks; the runtime checks the resolved
//     address again when it connects.
// H2. Every redirect is checked as the first URL was; credentials do not follow to another origin.
// H3. A body is never longer than the caller allowed, whatever its head said.

const MAX_REDIRECTS = 5;
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization"];

export type Guard = { allowsPrivate: boolean };
type Head = Omit<HttpAnswer, "body">;

/** Fetches and reads the whole body. Rejects with a TaskFailure that says what to do. */
export async function httpCall(call: HttpCall, guard: Guard, signal: AbortSignal): Promise<HttpAnswer> {
  return withTimeout(call, signal, async (limited) => {
    const response = await follow(call, guard, limited);
    const body = await readBody(response, call);
    return { ...headOf(response), body };
  });
}

/** Fetches and hands the body on as a stream of at most `maxBytes`. */
export async function httpDownload(
  call: HttpCall,
  guard: Guard,
  signal: AbortSignal,
  store: (head: Head, body: ReadableStream<Uint8Array>, length: number | undefined) => Promise<string>,
): Promise<Downloaded> {
  return withTimeout(call, signal, async (limited) => {
    const response = await follow(call, guard, limited);
    const head = headOf(response);
    if (response.status >= 400 || response.body === null) {
      await response.body?.cancel();
      return { ...head, length: 0 };
    }
    const declared = response.headers.get("content-length");
    const isPlain = response.headers.get("content-encoding") === null;
    const counted = counting(response.body, call.maxBytes);
    const uri = await store(head, counted.stream, declared !== null && isPlain ? Number(declared) : undefined);
    return { ...head, uri, length: counted.bytes() };
  });
}

/** Fetches and hands the body on as it comes, for as long as `timeoutMs` says in all. */
export async function httpStream(call: HttpCall, guard: Guard, signal: AbortSignal): Promise<HttpStream> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(call.timeoutMs)]);
  const response = await withTimeout(call, signal, () => follow(call, guard, limited));
  const body = response.body === null ? emptyBody() : counting(response.body, call.maxBytes).stream;
  return { ...headOf(response), body: chunksOf(body, call, signal, limited) };
}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  call: HttpCall,
  signal: AbortSignal,
  limited: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } catch (error) {
    if (error instanceof TaskFailure || signal.aborted) throw error;
    if (limited.aborted) throw new TaskFailure(`${call.method} ${call.url} did not end within ${call.timeoutMs} ms.`);
    throw new TaskFailure(`${call.method} ${call.url} broke off: ${error instanceof Error ? error.message : error}`);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

async function withTimeout<T>(
  call: HttpCall,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(call.timeoutMs);
  try {
    return await body(AbortSignal.any([signal, timeout]));
  } catch (error) {
    if (error instanceof TaskFailure || signal.aborted) throw error;
    if (timeout.aborted) throw new TaskFailure(`${call.method} ${call.url} had no answer within ${call.timeoutMs} ms.`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new TaskFailure(`${call.method} ${call.url} failed: ${reason}`);
  }
}

async function follow(call: HttpCall, guard: Guard, signal: AbortSignal): Promise<Response & { finalUrl: string }> {
  let url = checked(call.url, guard);
  let { method, body } = call;
  const headers = new Headers(Object.entries(call.headers));
  for (let redirects = 0; ; redirects++) {
    const init = {
      method,
      headers,
      redirect: "manual" as const,
      signal,
      ...(body === undefined ? {} : { body: body as BodyInit }),
    };
    const response = await fetch(url, init);
    const location = response.headers.get("location");
    if (!call.followRedirects || location === null || response.status < 300 || response.status > 399)
      return Object.assign(response, { finalUrl: url.href });
    await response.body?.cancel();
    if (redirects === MAX_REDIRECTS) throw new TaskFailure(`${call.url} redirects more than ${MAX_REDIRECTS} times.`);
    const next = checked(new URL(location, url).href, guard);
    if (next.origin !== url.origin) for (const name of CREDENTIALS) headers.delete(name);
    if (response.status === 303 || (method === "POST" && response.status < 303)) {
      method = "GET";
      body = undefined;
      headers.delete("content-type");
    }
    url = next;
  }
}

function checked(text: string, guard: Guard): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new TaskFailure(`'${text}' is no URL; it needs a scheme and a host, such as https://example.com/path.`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new TaskFailure(`'${url.protocol}' is not allowed in ${text}: use http or https.`);
  if (isPrivateHost(url.hostname) && !guard.allowsPrivate)
    throw new TaskFailure(
      `${url.hostname} is in a private network, which tasks may not reach. The operator can open it with WINDHOVER_ALLOW_PRIVATE.`,
    );
  return url;
}

function headOf(response: Response & { finalUrl: string }): Head {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of response.headers) headers[name] = [...(headers[name] ?? []), value];
  return { url: response.finalUrl, status: response.status, headers };
}

async function readBody(response: Response, call: HttpCall): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  // A body of declared length needs no counting: the runtime reads no more than that.
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  if (declared <= call.maxBytes && response.headers.get("content-encoding") === null)
    return new Uint8Array(await response.arrayBuffer());
  return new Uint8Array(await new Response(counting(response.body, call.maxBytes).stream).arrayBuffer());
}

function counting(body: ReadableStream<Uint8Array>, maxBytes: number) {
  let bytes = 0;
  const stream = body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes)
          controller.error(
            new TaskFailure(`The answer is longer than ${maxBytes} bytes: use io.kestra.plugin.core.http.Download.`),
          );
        else controller.enqueue(chunk);
      },
    }),
  );
  return { stream, bytes: () => bytes };
}
