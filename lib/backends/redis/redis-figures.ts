import type { AppError } from "../../shared/errors.ts";
import { redisAway } from "./redis-errors.ts";

/** What Redis says of itself. */
export interface RedisFigures {
  readonly version: string;
  readonly usedBytes: number;
  /** Null: without a bound. */
  readonly maxBytes: number | null;
  /** What happens at `maxBytes`; anything other than `noeviction` drops what others count on. */
  readonly evictionPolicy: string;
  readonly isReplica: boolean;
  /** `off`: nothing survives a restart by the append-only file. */
  readonly appendOnly: "off" | "on";
}

/** Scripts say how they run in the words of 7.0: an older one refuses them all. Null for a version that is told as no number. */
export function tooOld({ version }: RedisFigures): AppError | null {
  return Number.parseInt(version, 10) < 7 ? redisAway(`is version ${version}; 7.0 or a later one is needed.`) : null;
}

/** Reads the answer to INFO. */
export function figuresOf(info: string): RedisFigures {
  const fields = new Map(
    info.split("\r\n").flatMap((line): [string, string][] => {
      const at = line.indexOf(":");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const maxBytes = Number(fields.get("maxmemory") ?? 0);
  return {
    version: fields.get("redis_version") ?? "unknown",
    usedBytes: Number(fields.get("used_memory") ?? 0),
    maxBytes: maxBytes === 0 ? null : maxBytes,
    evictionPolicy: fields.get("maxmemory_policy") ?? "unknown",
    isReplica: fields.get("role") === "slave",
    appendOnly: fields.get("aof_enabled") === "1" ? "on" : "off",
  };
}
