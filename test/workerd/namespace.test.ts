import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { type NamespaceRpc, namespaceActorName, spacesActorName } from "#actors/namespace/namespace-rpc.ts";
import { keyValueContract } from "#test/contract/key-values.ts";
import { spacesContract } from "#test/contract/spaces.ts";
import { pass, useClock } from "./support/time.ts";

useClock();

const fresh = () => crypto.randomUUID().slice(0, 8);
const stubOf = (name: string) => env.NAMESPACE.get(env.NAMESPACE.idFromName(name));
const asRpc = (stub: DurableObjectStub) => stub as unknown as NamespaceRpc;

describe("the pairs of a namespace in its Durable Object", () => {
  keyValueContract(() => {
    const stub = stubOf(namespaceActorName("main", fresh()));
    return {
      values: asRpc(stub),
      now: () => Date.now(),
      async pass(ms) {
        pass(ms);
        await runDurableObjectAlarm(stub);
      },
    };
  });

  test("[K4] the alarm is set to the earliest end of life, and gone when nothing is left to expire", async () => {
    const stub = stubOf(namespaceActorName("main", fresh()));
    const alarm = () => runInDurableObject(stub, (_, { storage }) => storage.getAlarm());
    await asRpc(stub).setValue("late", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 60_000 });
    await asRpc(stub).setValue("soon", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 1_000 });
    expect(await alarm()).toBe(Date.now() + 1_000);
    pass(100_000_000);
    await runDurableObjectAlarm(stub);
    expect(await alarm()).toBeNull();
    expect(await asRpc(stub).listValues({ expired: true })).toEqual([]);
  });
});

describe("namespaces and secrets of a tenant in their Durable Object", () => {
  spacesContract(() => asRpc(stubOf(spacesActorName(fresh()))));
});
