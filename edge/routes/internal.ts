import * as z from "zod";
import type { AppParts } from "../parts.ts";
import { query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { bootCells, type Round, sweep } from "../sweep.ts";
import { sweepAllFiles } from "../sweep-files.ts";

const SweepQuery = z.object({ graceMs: z.coerce.number().int().min(0).default(3_600_000) });

/** What the launcher calls: once after a start, and once a minute. */
export function internalRoutes({ now }: AppParts): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/internal/boot",
      root: true,
      guard: "internal",
      summary: "Go on after a start of the server",
      handler: async (c) => answer(c, await bootCells(c.env)),
    },
    {
      method: "POST",
      path: "/internal/sweep/files",
      root: true,
      guard: "internal",
      summary: "Delete every file that belongs to nobody and is older than `graceMs`",
      handler: async (c) => c.json(await sweepAllFiles(c.env, now(), query(c, SweepQuery).graceMs)),
    },
    {
      method: "POST",
      path: "/internal/sweep",
      root: true,
      guard: "internal",
      summary: "Wake every owner of an overdue timer",
      handler: async (c) => answer(c, await sweep(c.env, now())),
    },
  ];
}

function answer(c: AppContext, round: Round): Response {
  return c.json(round, round.failures.length === 0 ? 200 : 500);
}
