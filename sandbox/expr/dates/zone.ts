import { failure } from "../errors.ts";

/** A time zone: `id` as Java prints it, `offsetAt` in seconds east of UTC for an instant in seconds since 1970. */
export type Zone = { readonly id: string; readonly offsetAt: (epochSecond: number) => number };

export const UTC: Zone = { id: "UTC", offsetAt: () => 0 };

const OFFSET = /^(UTC|GMT|UT)?(?:([+-])(\d{1,2})(?::?(\d\d)(?::?(\d\d))?)?)?$/;
const MAX_ZONES = 100;
/** The farthest instant that calendars of the platform know. */
const MAX_EPOCH_SECOND = 8.64e12;

const zones = new Map<string, Zone>();

/** The zone of an IANA name, an offset (`+02:00`, `UTC+2`) or `Z`. Throws an ExprError for anything else. */
export function zoneOf(id: string): Zone {
  if (id === "UTC") return UTC;
  const known = zones.get(id);
  if (known !== undefined) return known;
  const zone = fixedZone(id) ?? regionZone(id);
  if (zones.size >= MAX_ZONES) zones.clear();
  zones.set(id, zone);
  return zone;
}

function fixedZone(id: string): Zone | null {
  if (id === "Z" || id === "z") return { id: "Z", offsetAt: () => 0 };
  const found = id === "" ? null : OFFSET.exec(id);
  if (found === null) return null;
  const [, prefix = "", sign, hours = "0", minutes = "0", seconds = "0"] = found;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (size > 18 * 3600 || Number(minutes) > 59 || Number(seconds) > 59) throw unknownZone(id);
  const offset = sign === "-" ? -size : size;
  return { id: prefix + (offset === 0 && prefix !== "" ? "" : offsetText(offset, "XXXXX")), offsetAt: () => offset };
}

function regionZone(id: string): Zone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: id,
      hourCycle: "h23",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    throw unknownZone(id);
  }
  return { id, offsetAt: (epochSecond) => regionOffset(format, epochSecond) };
}

function unknownZone(id: string) {
  return failure(`Unknown time-zone ID: ${id}. Use an IANA name as Europe/Paris, or an offset as +02:00.`);
}

/** The zone's wall clock against that of UTC; they are less than a day apart. */
function regionOffset(format: Intl.DateTimeFormat, epochSecond: number): number {
  if (Math.abs(epochSecond) > MAX_EPOCH_SECOND) throw failure("The date is too far away for time zones.");
  const utc = new Date(epochSecond * 1000);
  const [day = 0, hour = 0, minute = 0, second = 0] = (format.format(utc).match(/\d+/g) ?? []).map(Number);
  const dayStep = day - utc.getUTCDate();
  const days = dayStep === 0 ? 0 : dayStep === 1 || dayStep < -1 ? 1 : -1;
  const seconds =
    (hour - utc.getUTCHours()) * 3600 + (minute - utc.getUTCMinutes()) * 60 + second - utc.getUTCSeconds();
  return days * 86400 + seconds;
}

/**
 * The offset of a wall-clock time (in seconds as if it were UTC). As in Java, the earlier offset counts where a time
 * happens twice, and a time that does not happen moves forward.
 */
export function offsetOfLocal(zone: Zone, localSecond: number): number {
  const before = zone.offsetAt(localSecond - 86400);
  const after = zone.offsetAt(localSecond + 86400);
  if (before === after || zone.offsetAt(localSecond - before) === before) return before;
  return zone.offsetAt(localSecond - after) === after ? after : before;
}

const OFFSET_STYLES: { [letters: string]: { colon: boolean; seconds: boolean; shortHours: boolean } } = {
  X: { colon: false, seconds: false, shortHours: true },
  XX: { colon: false, seconds: false, shortHours: false },
  XXX: { colon: true, seconds: false, shortHours: false },
  XXXX: { colon: false, seconds: true, shortHours: false },
  XXXXX: { colon: true, seconds: true, shortHours: false },
};

/** An offset as one of Java's `X`, `x` or `Z` patterns writes it; `X` writes zero as Z. */
export function offsetText(offset: number, letters: string): string {
  if (letters.startsWith("Z")) {
    if (letters.length < 4) return offsetText(offset, "xx");
    return letters.length === 4 ? `GMT${offset === 0 ? "" : offsetText(offset, "xxx")}` : offsetText(offset, "XXXXX");
  }
  if (letters.startsWith("X") && offset === 0) return "Z";
  const style = OFFSET_STYLES[letters.toUpperCase()];
  if (style === undefined) throw failure(`Too many pattern letters: ${letters[0]}`);
  const size = Math.abs(offset);
  const [hours = "", minutes = "", seconds = ""] = [size / 3600, (size / 60) % 60, size % 60].map((part) =>
    Math.floor(part).toString().padStart(2, "0"),
  );
  const mark = style.colon ? ":" : "";
  const showsMinutes = !style.shortHours || minutes !== "00";
  const tail = (showsMinutes ? mark + minutes : "") + (style.seconds && seconds !== "00" ? mark + seconds : "");
  return (offset < 0 ? "-" : "+") + hours + tail;
}
