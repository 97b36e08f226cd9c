import { error, redirect } from "@sveltejs/kit";
import { api, asFailure } from "../../../state/api.ts";
import { paths } from "../../../state/paths.ts";

/** An execution named by its id alone, as log lines and subflows name it. */
export async function load({ params }: { params: { id: string } }): Promise<never> {
  const execution = await api.execution(params.id).catch((cause: unknown) => {
    const { status, message } = asFailure(cause);
    error(status >= 400 ? status : 500, message);
  });
  redirect(307, paths.execution(execution.namespace, execution.flowId, execution.id));
}
