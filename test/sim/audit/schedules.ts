import { SCHEDULE } from "#actors/flow-actor/schedule.ts";
import type { Settings } from "../settings.ts";
import type { Trail } from "./trail.ts";

/** [I7] Each date starts one execution, and dates are missed only as the schedule says. */
export function scheduleViolations(
  trails: Iterable<Trail>,
  schedule: NonNullable<Settings["schedule"]>,
  isPunctual: boolean,
): string[] {
  const found: string[] = [];
  const byTenant = new Map<string, number[]>();
  for (const { state } of trails) {
    const { facts } = state;
    if (facts?.trigger?.type !== SCHEDULE) continue;
    const dates = byTenant.get(facts.tenant) ?? [];
    byTenant.set(facts.tenant, dates);
    dates.push(Date.parse(String(facts.trigger.variables.date)));
  }
  const stepMs = schedule.seconds * 1_000;
  for (const [tenant, unsorted] of byTenant) {
    const dates = unsorted.toSorted((a, b) => a - b);
    for (const [index, date] of dates.entries()) {
      if (date % stepMs !== 0) found.push(`I7 ${tenant} started for ${date}, which is no date of the schedule`);
      const before = dates[index - 1];
      if (before === undefined) continue;
      if (date === before) found.push(`I7 ${tenant} started twice for ${date}`);
      const mayMiss = schedule.recover !== "ALL" && !isPunctual;
      if (date - before > stepMs && !mayMiss)
        found.push(`I7 ${tenant} started for ${before} and ${date}, for none between`);
    }
  }
  return found;
}
