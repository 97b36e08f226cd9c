declare namespace Cloudflare {
  interface Env {
    DB: D1Database;
    FILES: R2Bucket;
    QUEUE: Queue;
    CELL: DurableObjectNamespace;
    FLOW: DurableObjectNamespace;
    INDEX: DurableObjectNamespace;
    NAMESPACE: DurableObjectNamespace;
    CELLS: string;
    RUNTIME: "cloudflare";
    AUTH_TOKENS: string;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
  interface GlobalProps {
    mainModule: { default: ExportedHandler };
  }
}
