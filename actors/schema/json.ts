/** A value that survives JSON, as stored in events, outputs and rows. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;
