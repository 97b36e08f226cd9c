import CircleCheck from "@lucide/svelte/icons/circle-check";
import CircleDashed from "@lucide/svelte/icons/circle-dashed";
import CirclePause from "@lucide/svelte/icons/circle-pause";
import CircleSlash from "@lucide/svelte/icons/circle-slash";
import CircleX from "@lucide/svelte/icons/circle-x";
import Hourglass from "@lucide/svelte/icons/hourglass";
import LoaderCircle from "@lucide/svelte/icons/loader-circle";
import OctagonX from "@lucide/svelte/icons/octagon-x";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import SkipForward from "@lucide/svelte/icons/skip-forward";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import type { Component } from "svelte";
import type { State } from "#schema/state.ts";

export type Tone = "ok" | "run" | "bad" | "warn" | "hold" | "idle";
export type Look = { word: string; tone: Tone; icon: Component<{ size?: number }>; spins?: true };

/** How a state looks: always a shape and a word, the colour only on top. */
export const LOOKS: Readonly<Record<State, Look>> = {
  CREATED: { word: "Created", tone: "idle", icon: CircleDashed },
  QUEUED: { word: "Queued", tone: "idle", icon: Hourglass },
  RUNNING: { word: "Running", tone: "run", icon: LoaderCircle, spins: true },
  PAUSED: { word: "Paused", tone: "hold", icon: CirclePause },
  RESTARTED: { word: "Restarted", tone: "run", icon: RotateCcw },
  KILLING: { word: "Stopping", tone: "warn", icon: LoaderCircle, spins: true },
  RETRYING: { word: "Retrying", tone: "warn", icon: RotateCcw },
  BREAKPOINT: { word: "Breakpoint", tone: "hold", icon: CirclePause },
  SUCCESS: { word: "Success", tone: "ok", icon: CircleCheck },
  WARNING: { word: "Warning", tone: "warn", icon: TriangleAlert },
  FAILED: { word: "Failed", tone: "bad", icon: CircleX },
  KILLED: { word: "Killed", tone: "idle", icon: OctagonX },
  CANCELLED: { word: "Cancelled", tone: "idle", icon: CircleSlash },
  RETRIED: { word: "Retried", tone: "idle", icon: RotateCcw },
  SKIPPED: { word: "Skipped", tone: "idle", icon: SkipForward },
};
