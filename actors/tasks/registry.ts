import { CONDITIONS } from "./conditions.ts";
import { debugReturn } from "./debug-return.ts";
import type { AnyTask, ConditionDefinition, KnownType, Registry, TriggerDefinition } from "./define.ts";
import { denoScript } from "./deno-script.ts";
import { executionFail } from "./execution-fail.ts";
import { flowAllowFailure } from "./flow-allow-failure.ts";
import { flowEachParallel } from "./flow-each-parallel.ts";
import { flowEachSequential } from "./flow-each-sequential.ts";
import { flowForEach } from "./flow-for-each.ts";
import { flowIf } from "./flow-if.ts";
import { flowParallel } from "./flow-parallel.ts";
import { flowPause } from "./flow-pause.ts";
import { flowSequential } from "./flow-sequential.ts";
import { flowSleep } from "./flow-sleep.ts";
import { flowSubflow } from "./flow-subflow.ts";
import { flowSwitch } from "./flow-switch.ts";
import { httpDownload } from "./http-download.ts";
import { httpRequest } from "./http-request.ts";
import { KNOWN_TYPES, typeOfPackage } from "./known-types.ts";
import { kvDelete } from "./kv-delete.ts";
import { kvGet } from "./kv-get.ts";
import { kvGetKeys } from "./kv-get-keys.ts";
import { kvSet } from "./kv-set.ts";
import { logLog } from "./log-log.ts";
import { nodeCommands } from "./node-commands.ts";
import { nodeScript } from "./node-script.ts";
import { outputOutputValues } from "./output-output-values.ts";
import { pythonCommands } from "./python-commands.ts";
import { pythonScript } from "./python-script.ts";
import { SCRIPT_LANGUAGES } from "./script-languages.ts";
import { legacyBash, legacyNode, legacyPython } from "./script-legacy.ts";
import { shellCommands } from "./shell-commands.ts";
import { shellScript } from "./shell-script.ts";
import { triggerSchedule } from "./trigger-schedule.ts";
import { triggerWebhook } from "./trigger-webhook.ts";

const TASKS: readonly AnyTask[] = [
  debugReturn,
  executionFail,
  flowAllowFailure,
  flowEachParallel,
  flowEachSequential,
  flowForEach,
  flowIf,
  flowParallel,
  flowPause,
  flowSequential,
  flowSleep,
  flowSubflow,
  flowSwitch,
  httpDownload,
  httpRequest,
  kvDelete,
  kvGet,
  kvGetKeys,
  kvSet,
  logLog,
  outputOutputValues,
  denoScript,
  nodeCommands,
  nodeScript,
  pythonCommands,
  pythonScript,
  shellCommands,
  shellScript,
  ...SCRIPT_LANGUAGES,
  legacyBash,
  legacyNode,
  legacyPython,
];

const TRIGGERS: readonly TriggerDefinition[] = [triggerSchedule, triggerWebhook];

function byName<T extends { type: string; aliases: readonly string[] }>(definitions: readonly T[]): Map<string, T> {
  const names = new Map<string, T>();
  for (const definition of definitions) {
    for (const name of [definition.type, ...definition.aliases]) {
      if (names.has(name)) throw new Error(`Two definitions have the type name ${name}`);
      names.set(name, definition);
    }
  }
  return names;
}

export type MoreTypes = {
  conditions?: readonly ConditionDefinition[];
  /** Types that are accepted and not run; those that are defined are left out. */
  known?: readonly KnownType[];
  /** As `known`, for names that no list holds. */
  knownBy?: (type: string) => KnownType | undefined;
};

/** A registry of these types; a type name or alias that occurs twice throws. */
export function createRegistry(
  tasks: readonly AnyTask[],
  triggers: readonly TriggerDefinition[],
  { conditions = [], known = [], knownBy = () => undefined }: MoreTypes = {},
): Registry {
  const taskByName = byName(tasks);
  const triggerByName = byName(triggers);
  const conditionByName = byName(conditions);
  const isDefined = (type: string) => taskByName.has(type) || triggerByName.has(type);
  const knownTypes = known.filter(({ type }) => !isDefined(type));
  const knownByName = new Map(knownTypes.map((item) => [item.type, item]));
  return {
    task: (type) => taskByName.get(type),
    trigger: (type) => triggerByName.get(type),
    condition: (type) => conditionByName.get(type),
    known: (type) => (isDefined(type) ? undefined : (knownByName.get(type) ?? knownBy(type))),
    tasks,
    triggers,
    conditions,
    knownTypes,
  };
}

/** Every type that comes with Windhover. */
export const registry: Registry = createRegistry(TASKS, TRIGGERS, {
  conditions: CONDITIONS,
  known: KNOWN_TYPES,
  knownBy: typeOfPackage,
});
