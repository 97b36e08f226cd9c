// Uploads to a server that is killed with -9 again and again, and what its storage holds in the end.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../sim/random.ts";
import { Http, NoAnswer } from "../support/http.ts";
import type { Server } from "../support/server.ts";
import { NAMESPACE } from "./flows.ts";

export interface FileStorm {
  readonly seed: number;
  readonly kills: number;
}

export interface FileFindings {
  /** Acknowledged, and not there or not what was sent. */
  readonly lost: readonly string[];
  /** There, and nothing that was ever sent. */
  readonly torn: readonly string[];
  /** Contents in the storage that no file and no execution has, after the search for such. */
  readonly orphans: readonly string[];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly swept: number;
}

const FILES = `/namespaces/${NAMESPACE}/files`;
const WRITERS = 6;
const LIFE_MS = { from: 250, to: 900 };
const TAKER = `id: taker\nnamespace: ${NAMESPACE}\ninputs: [{id: data, type: FILE}]\ntasks:\n  - {id: say, type: io.kestra.plugin.core.log.Log, message: x}\n`;

/** What a writer knows of one path or key: all that it sent, and which of it was answered last. */
type Told = { sent: string[]; acknowledged: number };

export async function stormOverFiles(server: Server, { seed, kills }: FileStorm): Promise<FileFindings> {
  await server.api.saveFlow(TAKER);
  const random = new Random(seed);
  const told = new Map<string, Told>();
  let unknown = 0;
  let isOver = false;
  const writer = async (name: number) => {
    for (let turn = 0; !isOver; turn++) {
      const target = random.next() < 0.3 ? `kv/k${name}-${turn % 5}` : `f${name}/${turn % 7}.txt`;
      const content = `${name}/${turn} `.repeat(random.int(1, 60_000));
      const of = told.get(target) ?? { sent: [], acknowledged: -1 };
      told.set(target, of);
      of.sent.push(digest(content));
      const isKnown = await write(server, target, content);
      if (isKnown) of.acknowledged = of.sent.length - 1;
      else unknown += 1;
      if (!isKnown) await sleep(20);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, name) => writer(name));
  for (let kill = 0; kill < kills; kill++) {
    await sleep(random.int(LIFE_MS.from, LIFE_MS.to));
    await server.kill();
    await server.start();
  }
  isOver = true;
  await Promise.all(writers);
  const swept = await sweep(server);
  await sleep(500); // The launcher removes half uploads beside its other work.
  const findings = { lost: [] as string[], torn: [] as string[] };
  for (const [target, of] of told) await compare(server, target, of, findings);
  const acknowledged = [...told.values()].reduce((sum, { acknowledged: last }) => sum + (last + 1), 0);
  return { ...findings, orphans: await orphansOf(server), acknowledged, unknown, swept };
}

/** True when the server said that it was written. Now and then an upload goes into an execution instead. */
async function write({ api }: Server, target: string, content: string): Promise<boolean> {
  try {
    if (target.startsWith("kv/")) {
      const path = `/namespaces/${NAMESPACE}/kv/${target.slice(3)}`;
      const body = JSON.stringify(digest(content));
      return (await api.send({ method: "PUT", path, body, headers: { "content-type": "text/plain" } })).status === 200;
    }
    await api.send(api.startCall(NAMESPACE, "taker", { inputs: { data: { name: "x.txt", content } } })).catch(() => {});
    return (await api.upload(`${FILES}?path=/${target}`, "fileContent", content)).status === 200;
  } catch (error) {
    if (error instanceof NoAnswer) return false;
    throw error;
  }
}

/** What is there is the last that was acknowledged, or something sent after it, whole. */
async function compare({ api }: Server, target: string, of: Told, found: { lost: string[]; torn: string[] }) {
  const isKey = target.startsWith("kv/");
  const path = isKey ? `/namespaces/${NAMESPACE}/kv/${target.slice(3)}` : `${FILES}?path=/${target}`;
  const answer = await api.send({ path });
  if (answer.status !== 200) {
    if (of.acknowledged >= 0) found.lost.push(`${target}: ${answer.status}`);
    return;
  }
  const is = isKey ? String((JSON.parse(answer.text) as { value: string }).value) : digest(answer.text);
  const at = of.sent.lastIndexOf(is);
  if (at < 0) found.torn.push(target);
  else if (at < of.acknowledged) found.lost.push(`${target}: an earlier one than was acknowledged`);
}

async function sweep(server: Server): Promise<number> {
  // The launcher makes a secret at each start, and gives it to the runtime alone.
  const environment = readFileSync(`/proc/${server.pids().workerd}/environ`, "utf8").split("\0");
  const secret =
    environment.find((line) => line.startsWith("INTERNAL_SECRET="))?.slice("INTERNAL_SECRET=".length) ?? "";
  const http = new Http(server.port);
  const headers = { "x-windhover-internal": secret };
  const answer = await http.send({ method: "POST", path: "/internal/sweep/files?graceMs=0", headers });
  http.close();
  if (answer.status !== 200) throw new Error(`the sweep was answered ${answer.status}: ${answer.text}`);
  return (JSON.parse(answer.text) as { deleted: number }).deleted;
}

/** Files on the disk that neither a revision nor an execution accounts for. */
async function orphansOf({ api, dataDir }: Server): Promise<string[]> {
  const root = join(dataDir, "files");
  const onDisk = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  let revisions = 0;
  for (const path of await api.json<string[]>({ path: `${FILES}/search?q=` }))
    revisions += (await api.json<unknown[]>({ path: `${FILES}/revisions?path=${encodeURIComponent(path)}` })).length;
  const contents = onDisk.filter(({ parentPath }) => parentPath.endsWith("_contents"));
  const orphans = contents.length === revisions ? [] : [`${contents.length} contents of ${revisions} revisions`];
  for (const { parentPath, name } of onDisk) {
    const execution = /\/executions\/(\w+)\//.exec(`${parentPath}/`)?.[1];
    if (parentPath.endsWith("_contents")) continue;
    const isThere = execution !== undefined && (await api.send({ path: `/executions/${execution}` })).status === 200;
    if (!isThere) orphans.push(join(parentPath, name).slice(root.length));
  }
  return orphans;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
