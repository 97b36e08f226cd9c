import { parseFlow } from "#flow/parse-flow.ts";
import type { EpochMs } from "#schema/json.ts";
import { nextDate } from "#tasks/cron.ts";
import { flowJsonSchema } from "#tasks/json-schema.ts";
import { registry } from "#tasks/registry.ts";
import { type CaseFile, runCase } from "../expressions/run-case.ts";
import { type History, replay } from "../histories/replay.ts";

// What the pure set makes of given data, as texts. The same bundle runs in Node, in workerd and in a browser, and must say the
// same in each: the reducer, the parser, the expressions, the tasks and their schedules know no runtime.

export type MatrixData = {
  histories: History[];
  /** Sources of flows by name. */
  flows: Record<string, string>;
  expressions: Record<string, CaseFile>;
  schedules: { cron: string; timeZone: string; from: EpochMs }[];
};

/** One text for each case, by its name. */
export type MatrixResults = Record<string, string>;

export function matrixResults(data: MatrixData): MatrixResults {
  const results: MatrixResults = {};
  for (const history of data.histories) results[`engine: ${history.name}`] = JSON.stringify(replay(history));
  for (const [name, source] of Object.entries(data.flows))
    results[`flow: ${name}`] = JSON.stringify(parseFlow(source, registry));
  for (const { type, examples } of registry.tasks)
    for (const { title, yaml } of examples)
      results[`task: ${type}, ${title}`] = JSON.stringify(parseFlow(yaml, registry));
  Object.assign(results, expressionResults(data.expressions));
  results["tasks: JSON schema"] = JSON.stringify(flowJsonSchema(registry));
  for (const { cron, timeZone, from } of data.schedules)
    results[`cron: ${cron} in ${timeZone} from ${from}`] = dates(cron, timeZone, from);
  return results;
}

/** Of every case; the name holds its place, because a name may stand twice. */
export function expressionResults(files: Record<string, CaseFile>): MatrixResults {
  const results: MatrixResults = {};
  for (const [topic, file] of Object.entries(files)) {
    for (const [index, given] of file.cases.entries())
      results[`expr: ${topic} ${index}, ${given.name}`] = JSON.stringify(runCase(file, given));
  }
  return results;
}

/** The next five dates. */
function dates(cron: string, timeZone: string, from: EpochMs): string {
  const found: (string | undefined)[] = [];
  let at: EpochMs | undefined = from;
  for (let count = 0; count < 5 && at !== undefined; count++) {
    at = nextDate(cron, timeZone, at);
    found.push(at === undefined ? undefined : new Date(at).toISOString());
  }
  return JSON.stringify(found);
}
