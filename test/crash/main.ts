import { Server } from "../support/server.ts";
import { startSink } from "../support/sink.ts";
import { summary, weather } from "./storm.ts";

// npm run crash                                  the long form: 200 kills during 10,000 executions
// CRASH_SEED, CRASH_KILLS and CRASH_EXECUTIONS   change the run

/** How soon a killed server has to answer again, ms from the start of its process. */
const FIRST_ANSWER_MS = 5_000;

const storm = {
  seed: Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9)),
  kills: Number(process.env.CRASH_KILLS ?? 200),
  executions: Number(process.env.CRASH_EXECUTIONS ?? 10_000),
};

const sink = await startSink();
const server = await Server.start({ env: { WINDHOVER_ALLOW_PRIVATE: "private,local" } });
try {
  const startedAt = performance.now();
  const aftermath = await weather(server, sink, storm);
  const findings = Object.entries<readonly string[]>({ ...aftermath.verdict }).flatMap(([kind, texts]) =>
    texts.map((text) => `${kind}: ${text}`),
  );
  for (const text of findings.slice(0, 50)) console.log(text);
  const isSlow = Math.max(0, ...aftermath.firstAnswersMs) > FIRST_ANSWER_MS;
  console.log(`${summary(storm, aftermath)}; ${Math.round((performance.now() - startedAt) / 1000)} s`);
  process.exitCode = findings.length > 0 || isSlow ? 1 : 0;
} finally {
  await server.remove();
  await sink.close();
}
