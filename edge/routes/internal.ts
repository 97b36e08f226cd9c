import type { AppParts } from "../parts.ts";
import type { AppContext, Route } from "../route.ts";
import { bootCells, type Round, sweep } from "../sweep.ts";

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
