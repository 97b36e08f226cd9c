import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";

// The tables of each file's own database.
await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
