import * as z from "zod";
import { SYSTEM_NAMESPACE } from "../db/filter.ts";
import { portsOf } from "../ports/ports.ts";
import { namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery } from "../search-query.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const SearchQuery = PagingQuery.extend({ q: z.string().max(200).optional() });
const tag = "Namespaces";

/** `/namespaces`: they exist by the flows in them. */
export const namespaceRoutes: readonly Route[] = [
  userRoute("GET /namespaces/search", "Namespaces with flows, their parents, and the system namespace", search, {
    tag,
    query: SearchQuery,
    answers: {
      200: { description: "A page", schema: pageOf(z.object({ id: z.string(), disabled: z.literal(true) })) },
    },
  }),
  userRoute("GET /namespaces/:namespace", "A namespace", (c) => c.json({ id: namespaceOf(c), deleted: false }), {
    tag,
    answers: { 200: { description: "The namespace", schema: z.object({ id: z.string(), deleted: z.boolean() }) } },
  }),
];

async function search(c: AppContext): Promise<Response> {
  const { q = "", page, size, sort } = query(c, SearchQuery);
  const all = new Set([SYSTEM_NAMESPACE]);
  for (const namespace of await portsOf(c.env).projection.namespaces(tenantOf(c))) {
    const segments = namespace.split(".");
    for (let length = 1; length <= segments.length; length++) all.add(segments.slice(0, length).join("."));
  }
  const found = [...all].filter((id) => id.includes(q.toLowerCase())).sort();
  if (sort?.[0]?.endsWith(":desc")) found.reverse();
  const results = found.slice((page - 1) * size, page * size).map((id) => ({ id, disabled: true }));
  return c.json({ results, total: found.length });
}
