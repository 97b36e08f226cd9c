import { expect, test } from "vitest";
import { formatBytes, formatDuration, formatRelative } from "./format.ts";

test.each([
  [0, "0 ms"],
  [850.4, "850 ms"],
  [4200, "4.2 s"],
  [9960, "10 s"],
  [187_000, "3 min 07 s"],
  [119_600, "2 min 00 s"],
  [7_500_000, "2 h 05 min"],
  [270_000_000, "3 d 3 h"],
  [-1, "–"],
  [Number.NaN, "–"],
])("%d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test.each([
  [-2000, "just now"],
  [-12_000, "12 sec. ago"],
  [-3_700_000, "1 hr. ago"],
  [3_700_000, "in 1 hr."],
  [-200_000_000, "2 days ago"],
])("%d ms from now reads %s", (delta, text) => expect(formatRelative(1e12 + delta, 1e12)).toBe(text));

test.each([
  [532, "532 B"],
  [1400, "1.4 kB"],
  [73_000_000, "73 MB"],
])("%d bytes reads %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
