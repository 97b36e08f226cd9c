import type { BodyKind, Route, RouteDocs } from "../route.ts";

export type UserRouteDetails = RouteDocs & { body?: BodyKind };

/** A route for people and programs that have said who they are. `name` is method and path: `GET /flows/search`. */
export function userRoute(
  name: `${Route["method"]} /${string}`,
  summary: string,
  handler: Route["handler"],
  { body, ...openapi }: UserRouteDetails,
): Route {
  const [method, path] = name.split(" ", 2) as [Route["method"], string];
  return { method, path, guard: "user", summary, handler, openapi, ...(body ? { body } : {}) };
}
