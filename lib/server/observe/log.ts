import { type Logger, pino } from "pino";

export type Log = Logger;

/** Long fields are cut to bound the length of a log line. */
const MAX_FIELD = 2_000;
const cut = (value: unknown): unknown =>
  typeof value === "string" && value.length > MAX_FIELD ? `${value.slice(0, MAX_FIELD)}…` : value;

/** JSON lines on standard output. pino escapes control characters; keys and cookies never appear. */
export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ["key", "*.key", "authorization", "*.authorization", "cookie", "*.cookie", "token", "*.token"],
      censor: "[redacted]",
    },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cut(value)])),
    },
  });
}
