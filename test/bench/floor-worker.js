// The platform's own floor: what a step costs when nothing orchestrates it. Long-lived Durable Objects, one row for each
// step, and nothing else that a workflow engine has to do.
import { DurableObject } from "cloudflare:workers";

/** As much as an engine must at least write down of a step that succeeded. */
const BODY = JSON.stringify({ state: "SUCCESS", outputs: { value: "x".repeat(200) } });

export class Floor extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS steps (seq INTEGER PRIMARY KEY, task TEXT, body TEXT)");
  }

  #write(step) {
    this.ctx.storage.sql.exec("INSERT INTO steps (task, body) VALUES (?, ?)", `step${step}`, BODY);
  }

  /** Each step waits until its row is confirmed on disk. */
  async confirmed(steps) {
    for (let step = 0; step < steps; step++) {
      this.#write(step);
      await this.ctx.storage.sync();
    }
  }

  /** All steps share a commit; only the answer waits for it (the platform's output gate). */
  coalesced(steps) {
    for (let step = 0; step < steps; step++) this.#write(step);
  }

  /** All steps at once, each waits until its row is confirmed. */
  async fan(steps) {
    await Promise.all(
      Array.from({ length: steps }, async (_, step) => {
        this.#write(step);
        await this.ctx.storage.sync();
      }),
    );
  }

  /** Each step calls the outside world, then waits until its row is confirmed. */
  async effects(steps, url) {
    for (let step = 0; step < steps; step++) {
      await callSink(url, step);
      this.#write(step);
      await this.ctx.storage.sync();
    }
  }

  /** The calls of `effects` alone: the time that the outside world takes. */
  async calls(steps, url) {
    for (let step = 0; step < steps; step++) await callSink(url, step);
  }
}

async function callSink(url, step) {
  const response = await fetch(`${url}/effect?e=floor&s=${step}`);
  await response.text();
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const objects = Number(searchParams.get("objects"));
    const steps = Number(searchParams.get("steps"));
    const name = `object-${Math.floor(Math.random() * objects)}`;
    const stub = env.FLOOR.get(env.FLOOR.idFromName(name));
    switch (pathname) {
      case "/confirmed":
        await stub.confirmed(steps);
        break;
      case "/coalesced":
        await stub.coalesced(steps);
        break;
      case "/fan":
        await stub.fan(steps);
        break;
      case "/effects":
        await stub.effects(steps, searchParams.get("sink"));
        break;
      case "/calls":
        await stub.calls(steps, searchParams.get("sink"));
        break;
      default:
        return new Response("no such work", { status: 404 });
    }
    return Response.json({ steps });
  },
};
