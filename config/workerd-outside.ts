// The network as the Workers under test see it. Runs in Node, one for all files: a test uses names of its own.

const calls = new Map<string, number>();

/**
 * http://outside.test:
 * `/echo` answers with what it was sent; `/status/503` with that status; `/slow/500?as=<name>` after 500 ms; `/flaky/2?as=<name>`
 * with 503 the first two times; `/bytes/100` with that many. Calls are counted by `as`: `/count?as=<name>`.
 */
export async function answerOutside(request: { url: string; method: string; text(): Promise<string> }) {
  const url = new URL(request.url);
  const body = await request.text();
  if (url.hostname !== "outside.test") return new Response(`no network: ${request.url}`, { status: 599 });
  const [, verb = "", argument = ""] = url.pathname.split("/");
  const name = url.searchParams.get("as") ?? "";
  if (verb === "count") return new Response(String(calls.get(name) ?? 0));
  const call = (calls.get(name) ?? 0) + 1;
  calls.set(name, call);
  switch (verb) {
    case "echo":
      return Response.json({ method: request.method, body });
    case "status":
      return new Response("as asked", { status: Number(argument) });
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, Number(argument)));
      return new Response("at last");
    case "flaky":
      return new Response(`call ${call}`, { status: call <= Number(argument) ? 503 : 200 });
    case "bytes":
      return new Response("x".repeat(Number(argument)));
    default:
      return new Response("there is nothing", { status: 404 });
  }
}
