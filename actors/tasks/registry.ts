import { CONDITIONS } from "./conditions.ts";
import { debugEcho } from "./debug-echo.ts";
import { debugReturn } from "./debug-return.ts";
import type { AnyTask, ConditionDefinition, KnownType, Registry, TriggerDefinition } from "./define.ts";
import { denoScript } from "./deno-script.ts";
import { executionAssert } from "./execution-assert.ts";
import { executionCount } from "./execution-count.ts";
import { executionExit } from "./execution-exit.ts";
import { executionFail } from "./execution-fail.ts";
import { executionLabels } from "./execution-labels.ts";
import { executionPurgeExecutions } from "./execution-purge-executions.ts";
import { executionResume } from "./execution-resume.ts";
import { executionSetVariables } from "./execution-set-variables.ts";
import { executionUnsetVariables } from "./execution-unset-variables.ts";
import { executionsKill } from "./executions-kill.ts";
import { flowAllowFailure } from "./flow-allow-failure.ts";
import { flowDag } from "./flow-dag.ts";
import { flowEachParallel } from "./flow-each-parallel.ts";
import { flowEachSequential } from "./flow-each-sequential.ts";
import { flowForEach } from "./flow-for-each.ts";
import { flowForEachItem } from "./flow-for-each-item.ts";
import { flowForEachItemExecutable } from "./flow-for-each-item-executable.ts";
import { flowForEachItemMergeOutputs } from "./flow-for-each-item-merge-outputs.ts";
import { flowForEachItemSplit } from "./flow-for-each-item-split.ts";
import { flowIf } from "./flow-if.ts";
import { flowLoop } from "./flow-loop.ts";
import { flowLoopUntil } from "./flow-loop-until.ts";
import { flowParallel } from "./flow-parallel.ts";
import { flowPause } from "./flow-pause.ts";
import { flowSequential } from "./flow-sequential.ts";
import { flowSleep } from "./flow-sleep.ts";
import { flowSubflow } from "./flow-subflow.ts";
import { flowSwitch } from "./flow-switch.ts";
import { flowTemplate } from "./flow-template.ts";
import { flowWaitFor } from "./flow-wait-for.ts";
import { flowWorkingDirectory } from "./flow-working-directory.ts";
import { httpDownload } from "./http-download.ts";
import { httpRequest } from "./http-request.ts";
import { httpSseRequest } from "./http-sse-request.ts";
import { KNOWN_TYPES, typeOfPackage } from "./known-types.ts";
import { kvDelete } from "./kv-delete.ts";
import { kvGet } from "./kv-get.ts";
import { kvGetKeys } from "./kv-get-keys.ts";
import { kvPurgeKv } from "./kv-purge-kv.ts";
import { kvSet } from "./kv-set.ts";
import { logFetch } from "./log-fetch.ts";
import { logLog } from "./log-log.ts";
import { logPurgeLogs } from "./log-purge-logs.ts";
import { metricPublish } from "./metric-publish.ts";
import { namespaceDeleteFiles } from "./namespace-delete-files.ts";
import { namespaceDownloadFiles } from "./namespace-download-files.ts";
import { namespacePurgeFiles } from "./namespace-purge-files.ts";
import { namespaceUploadFiles } from "./namespace-upload-files.ts";
import { nodeCommands } from "./node-commands.ts";
import { nodeScript } from "./node-script.ts";
import { ALERT_TASKS } from "./notify-alerts.ts";
import { CHAT_TASKS } from "./notify-chat.ts";
import { sendGridMailExecution, sendGridMailSend } from "./notify-mail.ts";
import { outputOutputValues } from "./output-output-values.ts";
import { pythonCommands } from "./python-commands.ts";
import { pythonScript } from "./python-script.ts";
import { SCRIPT_LANGUAGES } from "./script-languages.ts";
import { legacyBash, legacyNode, legacyPython } from "./script-legacy.ts";
import { serdesCsvCsvToIon } from "./serdes-csv-csv-to-ion.ts";
import { serdesCsvIonToCsv } from "./serdes-csv-ion-to-csv.ts";
import { serdesExcelExcelToIon } from "./serdes-excel-excel-to-ion.ts";
import { serdesExcelIonToExcel } from "./serdes-excel-ion-to-excel.ts";
import { serdesJsonIonToJson } from "./serdes-json-ion-to-json.ts";
import { serdesJsonJsonToIon } from "./serdes-json-json-to-ion.ts";
import { serdesXmlIonToXml } from "./serdes-xml-ion-to-xml.ts";
import { serdesXmlXmlToIon } from "./serdes-xml-xml-to-ion.ts";
import { serdesYamlIonToYaml } from "./serdes-yaml-ion-to-yaml.ts";
import { serdesYamlYamlToIon } from "./serdes-yaml-yaml-to-ion.ts";
import { shellCommands } from "./shell-commands.ts";
import { shellScript } from "./shell-script.ts";
import { stateDelete } from "./state-delete.ts";
import { stateGet } from "./state-get.ts";
import { stateSet } from "./state-set.ts";
import { storageConcat } from "./storage-concat.ts";
import { storageDeduplicateItems } from "./storage-deduplicate-items.ts";
import { storageDelete } from "./storage-delete.ts";
import { storageFilterItems } from "./storage-filter-items.ts";
import { storageLocalFiles } from "./storage-local-files.ts";
import { storagePurgeCurrentExecutionFiles } from "./storage-purge-current-execution-files.ts";
import { storageReverse } from "./storage-reverse.ts";
import { storageSize } from "./storage-size.ts";
import { storageSplit } from "./storage-split.ts";
import { storageWrite } from "./storage-write.ts";
import { templatingTemplatedTask } from "./templating-templated-task.ts";
import { triggerSchedule } from "./trigger-schedule.ts";
import { triggerToggle } from "./trigger-toggle.ts";
import { triggerWebhook } from "./trigger-webhook.ts";

const TASKS: readonly AnyTask[] = [
  debugEcho,
  debugReturn,
  executionAssert,
  executionCount,
  executionExit,
  executionFail,
  executionLabels,
  executionPurgeExecutions,
  executionResume,
  executionSetVariables,
  executionUnsetVariables,
  executionsKill,
  flowAllowFailure,
  flowDag,
  flowEachParallel,
  flowEachSequential,
  flowForEach,
  flowForEachItem,
  flowIf,
  flowLoop,
  flowLoopUntil,
  flowParallel,
  flowPause,
  flowSequential,
  flowSleep,
  flowSubflow,
  flowSwitch,
  flowTemplate,
  flowWaitFor,
  flowWorkingDirectory,
  httpDownload,
  httpRequest,
  httpSseRequest,
  kvDelete,
  kvGet,
  kvGetKeys,
  kvPurgeKv,
  kvSet,
  logFetch,
  logLog,
  logPurgeLogs,
  metricPublish,
  ...CHAT_TASKS,
  ...ALERT_TASKS,
  sendGridMailExecution,
  sendGridMailSend,
  namespaceDeleteFiles,
  namespaceDownloadFiles,
  namespacePurgeFiles,
  namespaceUploadFiles,
  outputOutputValues,
  denoScript,
  nodeCommands,
  nodeScript,
  pythonCommands,
  pythonScript,
  serdesCsvCsvToIon,
  serdesCsvIonToCsv,
  serdesExcelExcelToIon,
  serdesExcelIonToExcel,
  serdesJsonIonToJson,
  serdesJsonJsonToIon,
  serdesXmlIonToXml,
  serdesXmlXmlToIon,
  serdesYamlIonToYaml,
  serdesYamlYamlToIon,
  shellCommands,
  shellScript,
  stateDelete,
  stateGet,
  stateSet,
  storageConcat,
  storageDeduplicateItems,
  storageDelete,
  storageFilterItems,
  storageLocalFiles,
  storagePurgeCurrentExecutionFiles,
  storageReverse,
  storageSize,
  storageSplit,
  storageWrite,
  templatingTemplatedTask,
  triggerToggle,
  ...SCRIPT_LANGUAGES,
  legacyBash,
  legacyNode,
  legacyPython,
];

/** Parts of other types: found by name, in no list. */
const PARTS: readonly AnyTask[] = [flowForEachItemSplit, flowForEachItemExecutable, flowForEachItemMergeOutputs];

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
  /** Types of tasks that others are made of: nobody writes them, and no list shows them. */
  parts?: readonly AnyTask[];
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
  { parts = [], conditions = [], known = [], knownBy = () => undefined }: MoreTypes = {},
): Registry {
  const taskByName = byName([...tasks, ...parts]);
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
  parts: PARTS,
  conditions: CONDITIONS,
  known: KNOWN_TYPES,
  knownBy: typeOfPackage,
});
