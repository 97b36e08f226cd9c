import * as z from "zod";
import { isAuthConfigured } from "../middleware/auth/auth.ts";
import type { AppParts } from "../parts.ts";
import type { Route } from "../route.ts";

const ConfigAnswer = z.looseObject({ version: z.string(), edition: z.string(), isBasicAuthEnabled: z.boolean() });
const tag = "System";

/** What can be asked without saying who one is: only that the server lives, and what a login page needs. */
export function systemRoutes({ version }: AppParts): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/ping",
      root: true,
      guard: "public",
      summary: "Answers pong",
      handler: (c) => c.text("pong"),
      openapi: { tag, answers: { 200: { description: "pong", contentType: "text/plain" } } },
    },
    {
      method: "GET",
      path: "/health",
      root: true,
      guard: "public",
      summary: "Whether the server answers",
      handler: (c) => c.json({ status: "UP" }),
      openapi: { tag, answers: { 200: { description: "UP", schema: z.object({ status: z.literal("UP") }) } } },
    },
    {
      method: "GET",
      path: "/configs",
      guard: "public",
      summary: "What clients need to know before anything else",
      handler: (c) =>
        c.json({
          uuid: "windhover",
          version,
          edition: "OSS",
          isAnonymousUsageEnabled: false,
          isUiAnonymousUsageEnabled: false,
          isTaskRunEnabled: false,
          isTemplateEnabled: true,
          isCustomDashboardsEnabled: false,
          isAiEnabled: false,
          isBasicAuthEnabled: isAuthConfigured(c.env),
          isBasicAuthInitialized: isAuthConfigured(c.env) || c.env.RUNTIME === "local",
          preview: { initial: 100, max: 5000 },
          systemNamespace: "system",
          hiddenLabelsPrefixes: ["system.", "internal."],
        } satisfies z.infer<typeof ConfigAnswer>),
      openapi: { tag, answers: { 200: { description: "Facts about the server", schema: ConfigAnswer } } },
    },
  ];
}
