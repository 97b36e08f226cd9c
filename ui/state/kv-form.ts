export { fieldText, KV_HINTS, KV_TYPES, keyProblem, kvBody, TTL_CHOICES } from "../model/kv-form.ts";
