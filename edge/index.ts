import { cellActor } from "#actors/cell/cell-actor.ts";
import { flowActor } from "#actors/flow-actor/flow-actor.ts";
import { createApp } from "./app.ts";
import { cipherOf } from "./cipher.ts";
import type { Env } from "./env.ts";
import { createFlowWorld } from "./flow-world.ts";
import { createParts, VERSION } from "./parts.ts";
import { portsOf } from "./ports/ports.ts";
import { consume, type ReceivedMessage } from "./ports/queue-cloudflare.ts";
import { agentRoutes } from "./routes/agents.ts";
import { allRoutes } from "./routes/all.ts";
import { sweep } from "./sweep.ts";
import { serveUi } from "./ui-files.ts";
import { worldOf } from "./world.ts";

// The entry of the Worker: the platform wants the handlers and the actors' classes from here. Nothing else happens in this file.

const now = () => Date.now();
const parts = createParts(now, (length) => crypto.getRandomValues(new Uint8Array(length)));
const app = createApp(allRoutes(parts, agentRoutes), serveUi);

export default {
  fetch: app.fetch,
  async scheduled(_event: unknown, env: Env): Promise<void> {
    await sweep(env, now());
  },
  async queue(batch: { messages: readonly ReceivedMessage[] }, env: Env): Promise<void> {
    await consume(batch.messages, portsOf(env).projection, env.WORK);
  },
};

export const CellActor = cellActor<Env>({
  world: (env) => worldOf(env, parts),
  vault: cipherOf,
  surroundings: () => ({ envs: {}, globals: {}, kestra: { version: VERSION } }),
});
export const FlowActor = flowActor<Env>({
  world: (env) => createFlowWorld(env, parts.language, now),
  parse: (source) => parts.language.parse(source),
});
export { DispatchActor } from "#actors/dispatch/dispatch-actor.ts";
export { IndexActor } from "#actors/index/index-actor.ts";
export { NamespaceActor } from "#actors/namespace/namespace-actor.ts";
export { WorkEntrypoint } from "./work/work-entrypoint.ts";
