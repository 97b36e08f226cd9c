import type { AppParts } from "../parts.ts";
import type { Route } from "../route.ts";
import { executionEventRoutes } from "./execution-events.ts";
import { executionFileRoutes } from "./execution-files.ts";
import { executionFlowRoutes } from "./execution-flow.ts";
import { executionListRoutes } from "./execution-lists.ts";
import { executionBulkRoutes } from "./executions-bulk.ts";
import { executionCreateRoutes } from "./executions-create.ts";
import { executionReadRoutes } from "./executions-read.ts";
import { executionReplayRoutes } from "./executions-replay.ts";
import { executionResumeRoutes } from "./executions-resume.ts";
import { executionSteerRoutes } from "./executions-steer.ts";
import { flowConcurrencyRoutes } from "./flow-concurrency.ts";
import { flowExchangeRoutes } from "./flow-exchange.ts";
import { flowListRoutes } from "./flow-lists.ts";
import { flowValidateRoutes } from "./flow-validate.ts";
import { flowRoutes } from "./flows.ts";
import { internalRoutes } from "./internal.ts";
import { kvRoutes } from "./kv.ts";
import { logRoutes } from "./logs.ts";
import { metricRoutes } from "./metrics.ts";
import { namespaceFileRoutes } from "./namespace-files.ts";
import { namespaceRoutes } from "./namespaces.ts";
import { openApiRoute } from "./openapi.ts";
import { pluginRoutes } from "./plugins.ts";
import { secretRoutes } from "./secrets.ts";
import { systemRoutes } from "./system.ts";
import { templateRoutes } from "./templates.ts";
import { triggerRoutes } from "./triggers.ts";
import { webhookRoutes } from "./webhook.ts";

/** Every route of the API. `more` are those of other rooms, such as the agents'. */
export function allRoutes(parts: AppParts, more: readonly Route[] = []): readonly Route[] {
  const routes: Route[] = [
    ...flowRoutes(parts),
    ...flowListRoutes(parts),
    ...flowExchangeRoutes(parts),
    ...flowConcurrencyRoutes,
    ...flowValidateRoutes(parts),
    ...executionCreateRoutes(parts),
    ...executionListRoutes(parts),
    ...executionReadRoutes,
    ...executionEventRoutes,
    ...executionFileRoutes,
    ...executionFlowRoutes(parts),
    ...executionSteerRoutes,
    ...executionResumeRoutes(parts),
    ...executionReplayRoutes(parts),
    ...executionBulkRoutes(parts),
    ...webhookRoutes(parts),
    ...logRoutes,
    ...metricRoutes,
    ...namespaceRoutes(parts),
    ...namespaceFileRoutes(parts),
    ...kvRoutes,
    ...secretRoutes,
    ...templateRoutes(parts),
    ...triggerRoutes(parts),
    ...pluginRoutes(parts),
    ...systemRoutes(parts),
    ...internalRoutes(parts),
    ...more,
  ];
  routes.push(openApiRoute(() => routes, parts));
  return routes;
}
