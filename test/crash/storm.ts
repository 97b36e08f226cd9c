// Many executions on a server that is killed with -9 again and again, and what all sides say of them in the end.
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionJson } from "#schema/execution.ts";
import { Random } from "../sim/random.ts";
import { hasEnded } from "../support/api.ts";
import { poll } from "../support/poll.ts";
import type { Server } from "../support/server.ts";
import type { Sink } from "../support/sink.ts";
import { fulfil, newOrder, type Order } from "./client.ts";
import { flowSources, KINDS, NAMESPACE } from "./flows.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface Storm {
  readonly seed: number;
  readonly kills: number;
  readonly executions: number;
}

export interface Aftermath {
  readonly verdict: Verdict;
  readonly orders: number;
  readonly listed: number;
  readonly askedAgain: number;
  /** Outside effects that a kill made happen twice. */
  readonly repeated: number;
  /** From the start of a process to its first good answer, ms; of lives that were long enough to give one. */
  readonly firstAnswersMs: readonly number[];
}

/** A life lasts this long from the start of its processes: the shortest ones end while the server still boots. */
const LIFE_MS = { from: 150, to: 1_900 };
/** An order that is never answered is a finding, not a reason to wait for ever. */
const GIVE_UP_MS = 120_000;
const QUIET_WITHIN_MS = 30_000;
/** Executions that are asked for their end at the same time. */
const ASKED_AT_ONCE = 16;

/** Works through the orders while the server, which is up, is killed and started; it is up in the end. */
export async function weather(server: Server, sink: Sink, storm: Storm): Promise<Aftermath> {
  for (const source of flowSources(sink.url)) await server.api.saveFlow(source);
  const random = new Random(storm.seed);
  const orders = makeOrders(storm.executions, random);
  const firstAnswersMs = await workThroughLives(server, orders, random, storm);
  const { list, truth } = await readAll(server, orders);
  const verdict = judge({ orders, list, truth, sink, kills: storm.kills });
  return {
    verdict,
    orders: orders.length,
    listed: list.length,
    askedAgain: orders.filter(({ asked, kind }) => asked > (kind.killed || kind.replayed ? 2 : 1)).length,
    repeated: sink.all().filter(({ step, times }) => step !== "flaky" && times > 1).length,
    firstAnswersMs,
  };
}

export function summary(storm: Storm, aftermath: Aftermath): string {
  const { verdict, orders, listed, askedAgain, repeated, firstAnswersMs } = aftermath;
  const { lost, doubled, stuck, wrongEnd, listDiffers, wrongAnswers } = verdict;
  const slowest = Math.round(Math.max(0, ...firstAnswersMs));
  return (
    `CRASH_SEED=${storm.seed}: ${orders} executions, ${listed} in the list, ${storm.kills} kills: ${lost.length} lost, ` +
    `${doubled.length} doubled, ${stuck.length} stuck, ${wrongEnd.length} wrong, ${listDiffers.length + wrongAnswers.length} told wrongly; ` +
    `${askedAgain} asked for again, ${repeated} outside effects repeated by a kill; first answer at most ${slowest} ms after a start ` +
    `(${firstAnswersMs.length} starts)`
  );
}

function makeOrders(count: number, random: Random): Order[] {
  const kinds = KINDS.flatMap((kind) =>
    Array.from({ length: Math.round((count * kind.weight) / 100) }, () => ({ kind, place: random.next() })),
  );
  return kinds.toSorted((a, b) => a.place - b.place).map(({ kind }, number) => newOrder(number, kind));
}

/** Sends the orders while the server is killed and started again; it is up when this resolves, and all are answered. */
async function workThroughLives(
  server: Server,
  orders: readonly Order[],
  random: Random,
  { seed, kills }: Storm,
): Promise<number[]> {
  const patience = { seed, untilMs: performance.now() + GIVE_UP_MS + kills * LIFE_MS.to };
  const sent: Promise<void>[] = [];
  const firstAnswersMs: number[] = [];
  const perLife = Math.ceil(orders.length / kills);
  for (let kill = 0; kill < kills; kill++) {
    const lifeMs = random.int(LIFE_MS.from, LIFE_MS.to);
    for (const order of orders.slice(kill * perLife, (kill + 1) * perLife)) {
      const delayMs = random.int(0, lifeMs);
      sent.push(sleep(delayMs).then(() => fulfil(order, server.api, patience)));
    }
    const startedAt = performance.now();
    if (kill > 0) {
      server.spawn();
      void firstAnswer(server, startedAt + lifeMs).then(
        (at) => at !== undefined && firstAnswersMs.push(at - startedAt),
      );
    }
    await sleep(lifeMs);
    await server.kill();
  }
  const startedAt = performance.now();
  server.spawn();
  const at = await firstAnswer(server, startedAt + GIVE_UP_MS);
  firstAnswersMs.push((at ?? Number.POSITIVE_INFINITY) - startedAt);
  await Promise.all(sent);
  return firstAnswersMs;
}

/** When the server first answered 200; undefined when it did not until then. */
async function firstAnswer(server: Server, untilMs: number): Promise<number | undefined> {
  for (let leftMs = untilMs - performance.now(); leftMs > 0; leftMs = untilMs - performance.now()) {
    // Asked once and waited for: whoever gives up and asks again goes to the end of the queue that the clients make.
    const answer = await server.api.send({ path: "/configs", timeoutMs: leftMs }).catch(() => undefined);
    if (answer?.status === 200) return performance.now();
    await sleep(20);
  }
  return undefined;
}

/** The list and the truth, once all has ended or time is up. */
async function readAll(server: Server, orders: readonly Order[]) {
  const { api } = server;
  const truth = new Map<string, ExecutionJson | undefined>();
  const accepted = new Set(orders.flatMap(({ ids }) => ids));
  const endMs = performance.now() + QUIET_WITHIN_MS + 10 * accepted.size;
  await atOnce([...accepted], async (id) => {
    const timeoutMs = Math.max(0, endMs - performance.now());
    await api.executionWhen(id, { timeoutMs }).catch(() => undefined);
  });
  // The list may lag behind the truth, but not for long.
  const list = await poll(
    async () => {
      const found = await api.searchAll(NAMESPACE);
      const listed = new Set(found.filter(hasEnded).map(({ id }) => id));
      const agrees = listed.size === found.length && [...accepted].every((id) => listed.has(id));
      return agrees || performance.now() > endMs ? found : undefined;
    },
    { timeoutMs: 2 * QUIET_WITHIN_MS + 10 * accepted.size, everyMs: 200, what: "the list" },
  );
  await atOnce([...new Set([...accepted, ...list.map((one) => one.id)])], async (id) => {
    const answer = await api.send({ path: `/executions/${id}` });
    truth.set(id, answer.status === 200 ? (JSON.parse(answer.text) as ExecutionJson) : undefined);
  });
  return { list, truth };
}

async function atOnce(ids: readonly string[], body: (id: string) => Promise<void>): Promise<void> {
  const left = [...ids];
  const work = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) await body(id);
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, work));
}
