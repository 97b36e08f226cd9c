import type { Label } from "#schema/event.ts";

/** `labels` with the values that `given` has for their keys; keys that are new come after them. Of a key given twice the last counts. */
export function mergeLabels(labels: readonly Label[], given: readonly Label[]): Label[] {
  const values = new Map(given.map(({ key, value }) => [key, value]));
  const kept = labels.map(({ key, value }) => ({ key, value: values.get(key) ?? value }));
  const known = new Set(labels.map(({ key }) => key));
  return [...kept, ...[...values].filter(([key]) => !known.has(key)).map(([key, value]) => ({ key, value }))];
}
