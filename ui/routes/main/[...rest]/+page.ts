import { redirect } from "@sveltejs/kit";
import { paths } from "../../../state/paths.ts";

/** Kestra's addresses name the tenant; ours need not. */
export function load({ params, url }: { params: { rest?: string }; url: URL }): never {
  redirect(307, `${paths.root}/${params.rest ?? ""}${url.search}${url.hash}`);
}
