import type { RedisConnection } from "../../backends/redis/redis-connection.ts";
import type { RedisReport } from "../../contracts/memory.ts";
import type { Settings } from "../../contracts/settings.ts";
import { MIB } from "../../shared/bytes.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Log } from "../observe/log.ts";
import type { Core } from "./core.ts";

/** How often the fleet's own sum is read. */
const KEPT_MS = 5_000;

/** The Redis that nodes share. */
export interface SharedRedis {
  readonly connection: RedisConnection;
  /** What all nodes may keep there. */
  readonly maxBytes: number;
  /** Why it cannot be used now. */
  readonly fault: RedisConnection["fault"];
  report(): RedisReport;
}

/**
 * Connects to the Redis of HEADROOM_REDIS_URL; null, and nothing of it is loaded, without one. A Redis that is away does not end
 * the start: /readyz says so until it is there.
 *
 * @throws {StartError} when its client is not installed.
 */
export async function composeRedis({ env, clock, log, settings, onStop }: Core): Promise<SharedRedis | null> {
  const { HEADROOM_REDIS_URL: url, HEADROOM_REDIS_MAX_MB: maxMb, HEADROOM_REDIS_TIMEOUT_MS: deadlineMs } = env.fixed;
  if (url === undefined) return null;
  const [{ RedisConnection }, { readKept }] = await Promise.all([
    import("../../backends/redis/redis-connection.ts"),
    import("../../backends/redis/shared-room.ts"),
  ]);
  let isOpen = false;
  let isTold = false;
  const tellOnce = () => {
    if (!isTold) void describe(connection, settings.values.sessionDurability, log);
    isTold = true;
  };
  const onFault = (fault: AppError | null) => {
    if (fault !== null) log.error({ reason: fault.message }, "Redis cannot be used");
    else log.info("Redis is back");
    if (fault === null) tellOnce();
  };
  const connection = await RedisConnection.open({
    url,
    clock,
    deadlineMs,
    onFault: (fault) => isOpen && onFault(fault),
  });
  isOpen = true;
  if (connection.fault === null) tellOnce();
  else onFault(connection.fault);
  const maxBytes = maxMb * MIB;
  let keptBytes: number | null = null;
  const readSum = () =>
    readKept(connection).then(
      (bytes) => {
        keptBytes = bytes;
      },
      // The connection has told it.
      () => undefined,
    );
  await readSum();
  onStop(
    clock.every(KEPT_MS, () => void readSum()),
    () => connection.close(),
  );
  return {
    connection,
    maxBytes,
    get fault() {
      return connection.fault;
    },
    report() {
      const { fault, figures } = connection;
      return {
        state: fault === null ? "ready" : "away",
        usedBytes: figures?.usedBytes ?? null,
        maxBytes: figures?.maxBytes ?? null,
        evictionPolicy: figures?.evictionPolicy ?? null,
        keptBytes,
        keptMaxBytes: maxBytes,
      };
    },
  };
}

/** Says at the start what this Redis promises, and what it does not. */
async function describe(connection: RedisConnection, wanted: Settings["sessionDurability"], log: Log): Promise<void> {
  const { figures } = connection;
  if (figures === null) return;
  const { version, usedBytes, maxBytes, evictionPolicy, appendOnly } = figures;
  const fsync = appendOnly === "off" ? "off" : ((await connection.appendFsync()) ?? "unknown");
  log.info(
    { version, usedBytes, maxBytes, evictionPolicy, appendFsync: fsync },
    `Redis is shared: ${PROMISES[fsync] ?? PROMISES.unknown}`,
  );
  if (evictionPolicy !== "noeviction")
    log.warn({ evictionPolicy }, DROPS[evictionPolicy.split("-", 1)[0] ?? ""] ?? "Redis may evict what it is given");
  if (wanted === "always" && fsync !== "always")
    log.warn(
      { appendFsync: fsync },
      "HEADROOM_SESSION_DURABILITY is always, and Redis promises less: set appendfsync always there",
    );
}

const PROMISES: Readonly<Record<string, string>> = {
  always: "what it acknowledges is on its disk",
  everysec: "a crash of its machine may lose the last second",
  no: "a crash of its machine may lose what its system has not written yet",
  off: "it has no append-only file, so that a restart may lose everything since its last snapshot",
  unknown: "it does not tell when it writes to its disk",
};

const DROPS: Readonly<Record<string, string>> = {
  allkeys:
    "at its maxmemory Redis evicts any key, sessions too: they end early, and nobody is told. Set maxmemory-policy noeviction",
  volatile:
    "at its maxmemory Redis evicts keys that have a time to live: sessions and cached responses have none, so that writes are refused. Set maxmemory-policy noeviction",
};
