// A careful client: it writes down what it asked for and what it was told, and asks again, with the same idempotency
// key, when the server died before it answered.
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Api } from "../support/api.ts";
import type { Answer, Call } from "../support/http.ts";
import { NoAnswer } from "../support/http.ts";
import { type Kind, NAMESPACE } from "./flows.ts";

export interface Order {
  /** Unique; the label `ledger` of the execution and part of its idempotency key. */
  readonly number: number;
  readonly kind: Kind;
  /** Times that the client asked. */
  asked: number;
  /** Id from each 2xx answer. */
  readonly ids: string[];
  killAccepted: boolean;
  /** An answer that no careful client should get. */
  wrong: string | undefined;
}

export function newOrder(number: number, kind: Kind): Order {
  return { number, kind, asked: 0, ids: [], killAccepted: false, wrong: undefined };
}

/** A client cannot know when the server is back: it asks again after this long. */
const ASK_AGAIN_MS = 50;

export interface Patience {
  readonly seed: number;
  /** On the clock of `performance.now()`. */
  readonly untilMs: number;
}

/** Sends the order until it is accepted, and the kill or replay that belongs to it until that is. Never rejects. */
export async function fulfil(order: Order, api: Api, { seed, untilMs }: Patience): Promise<void> {
  const headers = { "idempotency-key": `${seed}-${order.number}` };
  const call = api.startCall(NAMESPACE, order.kind.flowId, {
    labels: { ledger: String(order.number) },
    headers,
    timeoutMs: 20_000,
  });
  const started = await untilAnswered(order, api, call, untilMs);
  if (order.wrong !== undefined || !started) return;
  order.ids.push((JSON.parse(started.text) as ExecutionJson).id);
  if (order.kind.replayed) return replay(order, api, { headers, untilMs });
  if (!order.kind.killed) return;
  const kill: Call = { method: "DELETE", path: `/executions/${order.ids[0]}/kill`, timeoutMs: 20_000 };
  if (await untilAnswered(order, api, kill, untilMs)) order.killAccepted = true;
}

/** Until the first execution has ended the server answers 409. */
async function replay(order: Order, api: Api, { headers, untilMs }: { headers: Call["headers"]; untilMs: number }) {
  const path = `/executions/${order.ids[0]}/replay`;
  const call: Call = { method: "POST", path, timeoutMs: 20_000, ...(headers && { headers }) };
  const again = await untilAnswered(order, api, call, untilMs, [409, 503]);
  if (again) order.ids.push((JSON.parse(again.text) as ExecutionJson).id);
}

/** `later`: answers after which it is asked again. 503: an actor that is being started. */
async function untilAnswered(
  order: Order,
  api: Api,
  call: Call,
  untilMs: number,
  later: readonly number[] = [503],
): Promise<Answer | undefined> {
  while (performance.now() < untilMs) {
    order.asked += 1;
    try {
      const answer = await api.send(call);
      if (answer.status < 300) return answer;
      // Anything else is a refusal that must not happen.
      if (!later.includes(answer.status)) {
        order.wrong = `${call.method} ${call.path} was answered ${answer.status}: ${answer.text.slice(0, 300)}`;
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
    await sleep(ASK_AGAIN_MS);
  }
  order.wrong = `${call.method} ${call.path} was asked ${order.asked} times and never answered`;
  return undefined;
}
