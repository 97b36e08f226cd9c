/** Verified cases of the older version that we answer otherwise on purpose. */
type Exception = { template: string; text?: string; value?: unknown; error?: string; reason: string };

const BY_VALUE = "numbers are compared by value: the older version compared Java classes within lists";
const CONCATENATES = "later versions join scalars as text in typed rendering";
const ONE_INTEGER = "there is one integer type; its class is named by its size";

export const EXCEPTIONS: readonly Exception[] = [
  { template: "{{ l == [1,2,3] }}", text: "true", reason: BY_VALUE },
  { template: "{{ l contains 2 }}", text: "true", reason: BY_VALUE },
  { template: "{{ 'b' > 'a' }}", text: "true", reason: "later versions order texts too" },
  { template: "{{ 1 | className }}", text: "java.lang.Integer", reason: ONE_INTEGER },
  {
    template: "{{ 12 | number }}",
    error: "'number' filter can only be applied to String. Actual type was: java.lang.Integer",
    reason: ONE_INTEGER,
  },
  { template: "{{ i | date }}", text: "1970-01-01T00:00:05.000000Z", reason: "integers of any size are epoch seconds" },
  {
    template: "{{ date | timestampMicro }}",
    text: "1378653552000000",
    reason: "later versions give real microseconds",
  },
  {
    template: "{{ '2013-09-08T15:19:12.123456Z' | timestampMicro }}",
    text: "1378653552123456",
    reason: "later versions give real microseconds",
  },
  { template: "{{ 'a' }}{{ 'b' }}", value: "ab", reason: CONCATENATES },
  { template: "a{{ 2 }}", value: "a2", reason: CONCATENATES },
  { template: " {{ 5 }}", value: " 5", reason: CONCATENATES },
  { template: "{{ 1 }}{{ 2 }}", value: "12", reason: CONCATENATES },
];
