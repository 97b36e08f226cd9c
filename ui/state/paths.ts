import { base } from "$app/paths";

// Addresses of the pages, as Kestra's links have them.

const part = encodeURIComponent;

export const FLOW_TABS = ["overview", "edit", "topology", "executions", "concurrency", "revisions"] as const;
export type FlowTab = (typeof FLOW_TABS)[number];
export const EXECUTION_TABS = ["overview", "gantt", "logs", "topology", "outputs"] as const;
export type ExecutionTab = (typeof EXECUTION_TABS)[number];

export const NAMESPACE_TABS = ["overview", "edit", "flows", "kv", "secrets"] as const;
export type NamespaceTab = (typeof NAMESPACE_TABS)[number];

export const paths = {
  root: base,
  flows: `${base}/flows`,
  newFlow: `${base}/flows/new`,
  executions: `${base}/executions`,
  namespaces: `${base}/namespaces`,
  namespace: (id: string, tab: NamespaceTab = "overview") => `${base}/namespaces/edit/${part(id)}/${tab}`,
  files: (namespace = "") => `${base}/files${namespace === "" ? "" : `/${part(namespace)}`}`,
  tasks: `${base}/plugins`,
  task: (type: string) => `${base}/plugins/${part(type)}`,
  expressions: `${base}/expressions`,
  /** `anchor`: of the entry, `filter.upper`. */
  expression: (anchor: string) => `${base}/expressions#${part(anchor)}`,
  flow: (namespace: string, id: string, tab: FlowTab = "overview") =>
    `${base}/flows/edit/${part(namespace)}/${part(id)}/${tab}`,
  execution: (namespace: string, flowId: string, id: string, tab: ExecutionTab = "overview") =>
    `${base}/executions/${part(namespace)}/${part(flowId)}/${part(id)}/${tab}`,
  executionById: (id: string) => `${base}/executions/${part(id)}`,
  flowsIn: (namespace: string) => `${base}/flows?namespace=${part(namespace)}`,
};
