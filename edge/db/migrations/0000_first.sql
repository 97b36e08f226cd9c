CREATE TABLE `executions` (
	`tenant` text NOT NULL,
	`id` text NOT NULL,
	`namespace` text NOT NULL,
	`flow_id` text NOT NULL,
	`flow_revision` integer NOT NULL,
	`state` text NOT NULL,
	`start_at` integer NOT NULL,
	`end_at` integer,
	`duration_ms` integer,
	`labels` text NOT NULL,
	`trigger_id` text,
	`trigger_type` text,
	`trigger_execution_id` text,
	`parent_id` text,
	`seq` integer NOT NULL,
	`deleted` integer NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
);
--> statement-breakpoint
CREATE INDEX `executions_by_start` ON `executions` (`tenant`,`start_at`);--> statement-breakpoint
CREATE INDEX `executions_by_flow` ON `executions` (`tenant`,`namespace`,`flow_id`,`start_at`);--> statement-breakpoint
CREATE TABLE `flows` (
	`tenant` text NOT NULL,
	`namespace` text NOT NULL,
	`id` text NOT NULL,
	`revision` integer NOT NULL,
	`disabled` integer NOT NULL,
	`deleted` integer NOT NULL,
	`description` text,
	`labels` text NOT NULL,
	`json` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `namespace`, `id`)
);
--> statement-breakpoint
CREATE TABLE `triggers` (
	`tenant` text NOT NULL,
	`namespace` text NOT NULL,
	`flow_id` text NOT NULL,
	`trigger_id` text NOT NULL,
	`type` text NOT NULL,
	`date_at` integer,
	`next_at` integer,
	`disabled` integer NOT NULL,
	`locked_by` text,
	`locked_at` integer,
	`last_error` text,
	PRIMARY KEY(`tenant`, `namespace`, `flow_id`, `trigger_id`)
);
