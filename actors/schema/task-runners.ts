/** Task runners of Kestra that no agent has yet. */
export const KNOWN_RUNNERS = [
  "io.kestra.plugin.ee.kubernetes.runner.Kubernetes",
  "io.kestra.plugin.kubernetes.runner.KubernetesTaskRunner",
  "io.kestra.plugin.ee.aws.runner.Batch",
  "io.kestra.plugin.aws.runner.BatchTaskRunner",
  "io.kestra.plugin.ee.azure.runner.Batch",
  "io.kestra.plugin.azure.runner.BatchTaskRunner",
  "io.kestra.plugin.ee.gcp.runner.Batch",
  "io.kestra.plugin.ee.gcp.runner.CloudRun",
  "io.kestra.plugin.gcp.runner.GcpBatchTaskRunner",
  "io.kestra.plugin.gcp.runner.GcpCloudRunTaskRunner",
] as const;
