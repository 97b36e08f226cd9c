import { conditionDateTimeBetween } from "./condition-date-time-between.ts";
import { conditionDayWeek } from "./condition-day-week.ts";
import { conditionDayWeekInMonth } from "./condition-day-week-in-month.ts";
import { conditionExecutionFlow } from "./condition-execution-flow.ts";
import { conditionExecutionLabels } from "./condition-execution-labels.ts";
import { conditionExecutionNamespace } from "./condition-execution-namespace.ts";
import { conditionExecutionOutputs } from "./condition-execution-outputs.ts";
import { conditionExecutionStatus } from "./condition-execution-status.ts";
import { conditionExpression } from "./condition-expression.ts";
import { conditionFlow } from "./condition-flow.ts";
import { conditionFlowNamespace } from "./condition-flow-namespace.ts";
import { conditionHasRetryAttempt } from "./condition-has-retry-attempt.ts";
import { conditionMultiple } from "./condition-multiple.ts";
import { conditionNot } from "./condition-not.ts";
import { conditionOr } from "./condition-or.ts";
import { conditionPublicHoliday } from "./condition-public-holiday.ts";
import { conditionTimeBetween } from "./condition-time-between.ts";
import { conditionWeekend } from "./condition-weekend.ts";
import type { ConditionDefinition } from "./define.ts";

/** Every condition that comes with Windhover. */
export const CONDITIONS: readonly ConditionDefinition[] = [
  conditionDateTimeBetween,
  conditionDayWeek,
  conditionDayWeekInMonth,
  conditionExecutionFlow,
  conditionExecutionLabels,
  conditionExecutionNamespace,
  conditionExecutionOutputs,
  conditionExecutionStatus,
  conditionExpression,
  conditionFlow,
  conditionFlowNamespace,
  conditionHasRetryAttempt,
  conditionMultiple,
  conditionNot,
  conditionOr,
  conditionPublicHoliday,
  conditionTimeBetween,
  conditionWeekend,
];
