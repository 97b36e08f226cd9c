/** A metric as the API shows it. Timers are in milliseconds. */
export type MetricEntry = {
  tenantId: string;
  namespace: string;
  flowId: string;
  taskId?: string;
  executionId: string;
  taskRunId?: string;
  type: "counter" | "timer" | "gauge";
  name: string;
  value: number;
  timestamp: string;
  tags: Readonly<Record<string, string>>;
  deleted: false;
};

/** Which metrics are wanted: those for which all of it holds. */
export type MetricFilter = { taskRunId?: string; taskId?: string };
