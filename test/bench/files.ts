// W14: one large file up and down again, and the memory of the runtime while it passes.
import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { memoryOf } from "../support/process-tree.ts";
import { NAMESPACE, type Product } from "./product.ts";
import type { Amounts } from "./sample.ts";
import { timeMs } from "./stats.ts";

const CHUNK = Buffer.alloc(1024 * 1024, "0123456789abcdef");
const BOUNDARY = "windhover-bench-part";
const PATH = `/api/v1/namespaces/${NAMESPACE}/files?path=/large.bin`;
const LOOK_EVERY_MS = 20;

export async function measureFiles(product: Product, { fileMiB }: Amounts): Promise<Readonly<Record<string, number>>> {
  const { port } = product.server;
  const { workerd } = product.server.pids();
  const before = memoryOf([workerd]).rssMiB;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf([workerd]).rssMiB);
  }, LOOK_EVERY_MS);
  try {
    const upMs = await timeMs(() => upload(port, fileMiB));
    const downMs = await timeMs(() => download(port, fileMiB));
    const perSecond = (ms: number) => (fileMiB * 1.048576) / (ms / 1_000);
    return {
      upMBps: perSecond(upMs),
      downMBps: perSecond(downMs),
      beforeMiB: before,
      mostMiB: most,
      grownMiB: most - before,
    };
  } finally {
    clearInterval(timer);
  }
}

async function upload(port: number, mebibytes: number): Promise<void> {
  const head = Buffer.from(
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="fileContent"; filename="large.bin"\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
  const headers = {
    "content-type": `multipart/form-data; boundary=${BOUNDARY}`,
    "content-length": head.length + mebibytes * CHUNK.length + tail.length,
  };
  const call = request({ host: "127.0.0.1", port, method: "POST", path: PATH, headers });
  const status = new Promise<number>((resolve, reject) => {
    call.once("error", reject);
    call.once("response", (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
  });
  const body = function* () {
    yield head;
    for (let sent = 0; sent < mebibytes; sent++) yield CHUNK;
    yield tail;
  };
  await pipeline(Readable.from(body()), call);
  if ((await status) !== 200) throw new Error(`the upload was answered ${await status}`);
}

async function download(port: number, mebibytes: number): Promise<void> {
  const got = await new Promise<number>((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path: PATH }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.once("end", () => resolve(bytes));
      response.once("error", reject);
    });
    call.once("error", reject);
    call.end();
  });
  if (got !== mebibytes * CHUNK.length) throw new Error(`the download has ${got} bytes`);
}
