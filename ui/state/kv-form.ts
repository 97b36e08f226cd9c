export { fieldText, KV_HINTS, KV_TYPES, keyProblem, kvBody, TTL_CHOICES, ttlUntil } from "../model/kv-form.ts";
