import type { KnownType, Registry } from "./define.ts";

// Types of Kestra that this server knows by name and does not run. A flow with one of them is accepted with a warning; such a task fails
// when it is reached, such a trigger never fires. Whoever writes a definition for one of them has nothing to do here: the registry
// leaves out what it can run.
//
// K1. A name that is defined or listed nowhere is an error, so that a typing mistake is not a warning.
// K2. Of PACKAGES every type is known: those plugins are many and change often, and a flow that names one is no mistake.

/** What a task needs that is not there. */
const NEEDS = {
  server: "It belongs to the server itself.",
  agent: "It is work for a runner agent.",
  service: "It calls a service outside.",
} as const;
type Needs = keyof typeof NEEDS;

const CORE: Readonly<Record<string, string>> = {
  flow: "Approval PurgeFlows Wait",
  execution: "Kill",
};

const LANGUAGES = ["dotnet", "jbang"];
const JVM_LANGUAGES = "groovy jython nashorn".split(" ");

const AGENT: Readonly<Record<string, string>> = {
  compress: "ArchiveCompress ArchiveDecompress FileCompress FileDecompress",
  git: "Clone Push PushDashboards PushExecutionFiles PushFlows PushNamespaceFiles Sync SyncDashboards SyncFlow SyncFlows SyncNamespaceFiles TenantSync NamespaceSync",
  "serdes.avro": "AvroToIon IonToAvro AvroReader AvroWriter",
  "serdes.csv": "CsvToIon IonToCsv CsvReader CsvWriter",
  "serdes.excel": "ExcelToIon IonToExcel",
  "serdes.json": "IonToJson JsonToIon JsonReader JsonWriter",
  "serdes.markdown": "HtmlToMarkdown MarkdownToHtml MarkdownToText",
  "serdes.parquet": "IonToParquet ParquetToIon ParquetReader ParquetWriter",
  "serdes.protobuf": "ProtobufToIon",
  "serdes.xml": "IonToXml XmlToIon XmlReader XmlWriter",
  "serdes.yaml": "IonToYaml YamlToIon",
  templates: "ReverseString",
};

/** The last names of a database's tasks. */
const JDBC = "Batch BulkInsert CopyIn CopyOut Download Queries Query Upload";
const DATABASES =
  "arrowflight as400 clickhouse db2 dremio druid duckdb hana mariadb mysql oracle pinot postgresql redshift snowflake sqlite sqlserver sybase trino vectorwise vertica".split(
    " ",
  );

/** Plugins of which every type is known. */
const PACKAGES =
  "ai airbyte airflow algolia amqp ansible anthropic apify argocd asana aws azure cassandra cloudquery cloudflare couchbase crypto databricks datagen dataform datahub dbt debezium discord docker dremio ee elasticsearch email fivetran fs gcp github gitlab googleworkspace graalvm graphql grpc hightouch hubspot huggingface influxdb jdbc jenkins jira jms kafka kestra klaviyo kubernetes langchain4j ldap linear malloy meilisearch microsoft365 minio mistral mongodb monday mqtt n8n nats neo4j nifi notifications notion nvidia odoo ollama openai opensearch opsgenie oracle pagerduty perplexity pipedrive powerbi prefect pulsar qdrant quickwit redis resend salesforce scaleway segment sendgrid sentry servicenow sifflet singer slack snowflake soda solace spark sqlmesh squadcast stripe supabase surrealdb tableau teams telegram terraform tika transform trello trino twilio typesense weaviate whatsapp zendesk zenduty zulip".split(
    " ",
  );
const KNOWN_PACKAGES: ReadonlySet<string> = new Set(PACKAGES);

const PLUGIN = "io.kestra.plugin.";

function names(needs: Needs, prefix: string, groups: Readonly<Record<string, string>>): KnownType[] {
  return Object.entries(groups).flatMap(([group, list]) =>
    list.split(" ").map((name) => ({ type: `${prefix}${group}.${name}`, kind: "task", needs: NEEDS[needs] }) as const),
  );
}

const same = (groups: readonly string[], list: string) => Object.fromEntries(groups.map((group) => [group, list]));

const TASKS: readonly KnownType[] = [
  ...names("server", `${PLUGIN}core.`, CORE),
  ...names("agent", PLUGIN, AGENT),
  ...names("agent", `${PLUGIN}scripts.`, same(LANGUAGES, "Commands Script")),
  ...names("agent", `${PLUGIN}scripts.`, same(JVM_LANGUAGES, "Eval FileTransform")),
  ...names("agent", `${PLUGIN}jdbc.`, same(DATABASES, JDBC)),
];

const TRIGGERS: readonly KnownType[] = [
  ...["core.trigger.Flow", "core.trigger.ScheduleOnDates", "core.http.Trigger", "fs.http.Trigger"].map(
    (name) => ({ type: `${PLUGIN}${name}`, kind: "trigger", needs: NEEDS.server }) as const,
  ),
  {
    type: "io.kestra.core.models.triggers.types.Flow",
    real: `${PLUGIN}core.trigger.Flow`,
    kind: "trigger",
    needs: NEEDS.server,
  },
  ...["python", "shell", "node", "ruby", "go"].flatMap((language) =>
    ["ScriptTrigger", "CommandsTrigger"].map(
      (name) => ({ type: `${PLUGIN}scripts.${language}.${name}`, kind: "trigger", needs: NEEDS.agent }) as const,
    ),
  ),
];

/** Every name that is listed one by one. */
export const KNOWN_TYPES: readonly KnownType[] = [...TASKS, ...TRIGGERS];

/** `io.kestra.plugin.aws.s3.Upload`: a type of a plugin of which every type is known; undefined for any other name. */
export function typeOfPackage(name: string): KnownType | undefined {
  const match = /^io\.kestra\.plugin\.([a-z0-9]+)\.(?:[a-z0-9]+\.)*([A-Z]\w*)$/.exec(name);
  const [, plugin = "", last = ""] = match ?? [];
  if (!KNOWN_PACKAGES.has(plugin)) return undefined;
  return { type: name, kind: /Trigger$/.test(last) ? "trigger" : "task", needs: NEEDS.service };
}

/** A regular expression of all these names, for the JSON schema of editors. */
export function knownPattern(kind: KnownType["kind"], registry: Pick<Registry, "knownTypes">): string {
  const exact = registry.knownTypes
    .filter((known) => known.kind === kind)
    .map(({ type }) => type.replaceAll(".", "\\."));
  const ending = kind === "trigger" ? "[A-Za-z0-9_]*Trigger" : "[A-Z][A-Za-z0-9_]*";
  return `^(?:${exact.join("|")}|io\\.kestra\\.plugin\\.(?:${PACKAGES.join("|")})\\.(?:[a-z0-9]+\\.)*${ending})$`;
}
