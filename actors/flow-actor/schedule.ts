import { zoneOf } from "#expr/dates/zone.ts";
import { parseDuration } from "#schema/duration.ts";
import type { Trigger } from "#schema/flow.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import { nextDate, previousDate } from "#tasks/cron.ts";

// The dates of a Schedule trigger. Pure: the time is an argument.
//
// S1. Dates come from the last due date, never from the clock: a late start moves nothing.
// S2. A date is missed when nothing looked at it for MISSED_AFTER_MS although the trigger was free. ALL makes up for every missed date,
//     LAST for the newest, NONE for none. Dates that passed while an execution ran are made up for one by one.
// S3. A date later than `lateMaximumDelay` is skipped.

export const SCHEDULE = "io.kestra.plugin.core.trigger.Schedule";
export const MISSED_AFTER_MS = 60_000;

export type Schedule = {
  cron: string;
  zone: string;
  withSeconds: boolean;
  recover: "ALL" | "LAST" | "NONE";
  lateMaximumDelayMs: number | undefined;
};

/** The schedule of a trigger that has dates, or undefined. One with conditions has none until they are evaluated. */
export function scheduleOf({ type, properties, guard }: Trigger): Schedule | undefined {
  const { cron, timezone, withSeconds, recoverMissedSchedules, lateMaximumDelay } = properties;
  if (type !== SCHEDULE || typeof cron !== "string" || guard !== undefined) return undefined;
  return {
    cron,
    zone: typeof timezone === "string" ? timezone : "UTC",
    withSeconds: withSeconds === true || withSeconds === "true",
    recover: recoverMissedSchedules === "LAST" || recoverMissedSchedules === "NONE" ? recoverMissedSchedules : "ALL",
    lateMaximumDelayMs: typeof lateMaximumDelay === "string" ? parseDuration(lateMaximumDelay) : undefined,
  };
}

export function dateAfter({ cron, zone, withSeconds }: Schedule, at: EpochMs): EpochMs | undefined {
  return nextDate(cron, zone, at, { withSeconds });
}

function dateBefore({ cron, zone, withSeconds }: Schedule, at: EpochMs): EpochMs | undefined {
  return previousDate(cron, zone, at, { withSeconds });
}

export type Due = { dueAt: EpochMs } | { dueAt: undefined; nextAt: EpochMs | undefined };

/** Which date to act on now, `nextAt` being the one that is planned and `freeSince` when the trigger was last let go. */
export function computeDue(
  schedule: Schedule,
  { nextAt, freeSince, now }: { nextAt: EpochMs; freeSince: EpochMs; now: EpochMs },
): Due {
  let dueAt: EpochMs | undefined = nextAt;
  const isMissed = now - nextAt > MISSED_AFTER_MS && nextAt > freeSince;
  if (isMissed && schedule.recover === "NONE") dueAt = dateAfter(schedule, now);
  if (isMissed && schedule.recover === "LAST") dueAt = Math.max(nextAt, dateBefore(schedule, now + 1) ?? nextAt);
  const { lateMaximumDelayMs } = schedule;
  if (dueAt !== undefined && lateMaximumDelayMs !== undefined && now - dueAt > lateMaximumDelayMs) {
    dueAt = dateAfter(schedule, now - lateMaximumDelayMs - 1);
  }
  return dueAt !== undefined && dueAt <= now ? { dueAt } : { dueAt: undefined, nextAt: dueAt };
}

/** What `trigger.*` holds in an execution started for `dueAt`. */
export function scheduleVariables(schedule: Schedule, dueAt: EpochMs): JsonObject {
  const next = dateAfter(schedule, dueAt);
  const previous = dateBefore(schedule, dueAt);
  return {
    date: zonedText(dueAt, schedule.zone),
    ...(next === undefined ? {} : { next: zonedText(next, schedule.zone) }),
    ...(previous === undefined ? {} : { previous: zonedText(previous, schedule.zone) }),
  };
}

/** `2042-04-02T04:20:42+02:00`. */
function zonedText(at: EpochMs, zone: string): string {
  const offsetSeconds = zoneOf(zone).offsetAt(Math.floor(at / 1000));
  const local = new Date(at + offsetSeconds * 1000).toISOString().replace(/(?:\.000)?Z$/, "");
  if (offsetSeconds === 0) return `${local}Z`;
  const minutes = Math.abs(Math.trunc(offsetSeconds / 60));
  const two = (part: number) => String(part).padStart(2, "0");
  return `${local}${offsetSeconds < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
