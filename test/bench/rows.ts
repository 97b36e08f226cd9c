// The table's rows: which figure, against what, with which target. Data only; targets are those of the issue.

export interface Row {
  readonly work: string;
  readonly title: string;
  readonly figure: string;
  readonly unit: string;
  readonly digits: number;
  /** Figure of the floor that the ratio is taken against; left out where there is no ratio. */
  readonly floor?: string;
  /** Named figure of the floor that is taken off both sides first. */
  readonly takeOff?: string;
  readonly target?: Target;
  /** The floor has no such figure: its column shows this. */
  readonly floorText?: string;
}

export type Target =
  | { readonly kind: "ratio-at-most"; readonly value: number }
  | { readonly kind: "ratio-at-least"; readonly value: number }
  | { readonly kind: "at-most"; readonly value: number };

const ratioAtMost = (value: number): Target => ({ kind: "ratio-at-most", value });
const ratioAtLeast = (value: number): Target => ({ kind: "ratio-at-least", value });
const atMost = (value: number): Target => ({ kind: "at-most", value });

const ms = (digits: number) => ({ unit: "ms", digits });

export const ROWS: readonly Row[] = [
  { work: "W1", title: "one step, p50", figure: "p50", ...ms(2), floor: "p50", target: ratioAtMost(2.5) },
  { work: "W1", title: "one step, p95", figure: "p95", ...ms(2), floor: "p95" },
  { work: "W2", title: "a step of 50", figure: "step", ...ms(3), floor: "step", target: ratioAtMost(0.25) },
  { work: "W2", title: "a step of 50, floor shares a commit", figure: "step", ...ms(3), floor: "shared" },
  {
    work: "W2x",
    title: "a step with an outside effect, sink's time off",
    figure: "step",
    ...ms(3),
    floor: "step",
    takeOff: "sink",
    target: ratioAtMost(2),
  },
  { work: "W2x", title: "the same with the sink's time", figure: "step", ...ms(3), floor: "step" },
  { work: "W3", title: "fan-out of 100, p50", figure: "p50", ...ms(2), floor: "p50", target: ratioAtMost(2.5) },
  { work: "W3", title: "fan-out of 100, p95", figure: "p95", ...ms(2), floor: "p95" },
  {
    work: "W4",
    title: "one-step runs from 32 clients",
    figure: "perSecond",
    unit: "/s",
    digits: 0,
    floor: "perSecond",
    target: ratioAtLeast(0.6),
  },
  { work: "W4", title: "one of them, p95", figure: "p95", ...ms(1), floor: "p95" },
  {
    work: "W5",
    title: "start on existing data to the first finished run",
    figure: "firstRunMs",
    ...ms(0),
    floor: "firstRunMs",
    target: atMost(300),
  },
  {
    work: "W5",
    title: "idle memory, RSS of workerd and launcher",
    figure: "rssMiB",
    unit: "MiB",
    digits: 1,
    floor: "rssMiB",
    target: atMost(110),
  },
  { work: "W5", title: "of that workerd", figure: "rss_workerd", unit: "MiB", digits: 1, floor: "rss_workerd" },
  { work: "W5", title: "of that the launcher", figure: "rss_launcher", unit: "MiB", digits: 1 },
  { work: "W5", title: "idle memory, PSS of both", figure: "pssMiB", unit: "MiB", digits: 1, floor: "pssMiB" },
  { work: "W5", title: "idle CPU of both", figure: "cpuPercent", unit: "%", digits: 2, target: atMost(0.5) },
  {
    work: "W6",
    title: "steps 500-1,000 over steps 50-200",
    figure: "growth",
    unit: "x",
    digits: 2,
    floor: "growth",
    target: atMost(1.1),
  },
  {
    work: "W6",
    title: "steps 5,000-10,000 over steps 50-200",
    figure: "longGrowth",
    unit: "x",
    digits: 2,
    floor: "longGrowth",
    target: atMost(1.2),
  },
  { work: "W6", title: "1,000 steps", figure: "thousand", ...ms(1), floor: "thousand" },
  { work: "W7", title: "writes, run of one step", figure: "one", unit: "", digits: 2, target: atMost(2) },
  {
    work: "W7",
    title: "writes, further step without effect",
    figure: "plainStep",
    unit: "",
    digits: 3,
    target: atMost(0.1),
  },
  {
    work: "W7",
    title: "writes, further step with an effect",
    figure: "effectStep",
    unit: "",
    digits: 2,
    target: atMost(1),
  },
  { work: "W7", title: "writes, fan-out of 100", figure: "fan", unit: "", digits: 2, target: atMost(3) },
  { work: "W8", title: "runs lost after kill -9", figure: "lost", unit: "", digits: 0, target: atMost(0) },
  { work: "W8", title: "steps done twice", figure: "twice", unit: "", digits: 0, target: atMost(50) },
  {
    work: "W8",
    title: "all finished after the restart",
    figure: "allDoneMs",
    ...ms(0),
    target: atMost(1_500),
    floorText: "about 290 + start",
  },
  { work: "W8", title: "first step after the restart", figure: "firstEffectMs", ...ms(0) },
  { work: "W8", title: "steps a second before the kill", figure: "stepsPerSecond", unit: "/s", digits: 0 },
  {
    work: "W9",
    title: "two tasks behind a webhook at 200/s, p50 (Kestra 1.0: 330 ms at 25/s)",
    figure: "p50",
    ...ms(2),
    target: atMost(5),
  },
  { work: "W9", title: "the same, p99", figure: "p99", ...ms(1), target: atMost(25) },
  { work: "W9", title: "the same, slowest", figure: "most", ...ms(1) },
  { work: "W9", title: "finished a second", figure: "perSecond", unit: "/s", digits: 1 },
  { work: "W10", title: "five If with five Log, p50 (Kestra: 1.4 s)", figure: "p50", ...ms(2), target: atMost(5) },
  { work: "W11", title: "ForEach of 100 Log, p50 (Kestra: 11 s)", figure: "hundred", ...ms(2), target: atMost(10) },
  { work: "W11", title: "ForEach of 1,000 Log, p50", figure: "thousand", ...ms(1), target: atMost(100) },
  { work: "W12", title: "10,000 tasks in one execution", figure: "ms", ...ms(0), target: atMost(3_000) },
  { work: "W12", title: "memory it leaves behind", figure: "grownMiB", unit: "MiB", digits: 1, target: atMost(128) },
  {
    work: "W13",
    title: "memory of 100,000 paused executions",
    figure: "grownMiB",
    unit: "MiB",
    digits: 1,
    target: atMost(50),
  },
  { work: "W13", title: "a resume, p95", figure: "resumeP95", ...ms(2), target: atMost(10) },
  {
    work: "W13",
    title: "slowest request while they become idle",
    figure: "slowestProbe",
    ...ms(1),
    target: atMost(50),
  },
  { work: "W13", title: "starts a second before that", figure: "startsPerSecond", unit: "/s", digits: 0 },
  { work: "KV", title: "key-values set a second, 16 clients", figure: "setPerSecond", unit: "/s", digits: 0 },
  { work: "KV", title: "key-values read a second", figure: "getPerSecond", unit: "/s", digits: 0 },
  { work: "KV", title: "a set, p50, one client", figure: "setP50", ...ms(2) },
  { work: "KV", title: "a read, p50, one client", figure: "getP50", ...ms(2) },
  { work: "W14", title: "a file of 1,000 MiB up", figure: "upMBps", unit: "MB/s", digits: 0 },
  { work: "W14", title: "and down", figure: "downMBps", unit: "MB/s", digits: 0 },
  {
    work: "W14",
    title: "memory that takes meanwhile",
    figure: "grownMiB",
    unit: "MiB",
    digits: 1,
    target: atMost(128),
  },
  {
    work: "UI",
    title: "first load of the list of flows, gzipped",
    figure: "gzipKB",
    unit: "kB",
    digits: 0,
    target: atMost(200),
  },
  { work: "UI", title: "until its heading shows", figure: "shownMs", ...ms(0) },
];
