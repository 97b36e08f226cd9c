// KV: values of the key-value store over HTTP. There is no floor for it.
import { NAMESPACE, type Product } from "./product.ts";
import type { Amounts } from "./sample.ts";
import { inParallel, median, timeMs } from "./stats.ts";

const CLIENTS = 16;
const SINGLE = 100;
const VALUE = JSON.stringify({ customer: 4711, state: "open", note: "x".repeat(200) });

export async function keyValues(product: Product, { keyValues: count }: Amounts): Promise<Record<string, number>> {
  const { api } = product.server;
  const pathOf = (key: string) => `/namespaces/${NAMESPACE}/kv/${key}`;
  async function set(key: string): Promise<void> {
    checkAnswered(await api.send({ method: "PUT", path: pathOf(key), body: VALUE }));
  }
  async function get(key: string): Promise<void> {
    checkAnswered(await api.send({ path: pathOf(key) }));
  }

  async function p50(call: (key: string) => Promise<void>): Promise<number> {
    const times: number[] = [];
    for (let index = 0; index < SINGLE; index++) times.push(await timeMs(() => call(`single${index}`)));
    return median(times);
  }
  async function perSecond(call: (key: string) => Promise<void>): Promise<number> {
    const ms = await timeMs(() => inParallel(count, CLIENTS, (index) => call(`many${index}`)));
    return (count / ms) * 1_000;
  }
  for (let index = 0; index < SINGLE; index++) await set(`warm${index}`);
  const [setP50, getP50] = [await p50(set), await p50(get)];
  return { setP50, getP50, setPerSecond: await perSecond(set), getPerSecond: await perSecond(get) };
}

function checkAnswered({ status, text }: { status: number; text: string }): void {
  if (status !== 200) throw new Error(`answered ${status}: ${text.slice(0, 200)}`);
}
