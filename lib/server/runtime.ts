import { randomUUID } from "node:crypto";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { createAuditRows, createKeyRows, createMetaRows, createSettingRows } from "../backends/sqlite/admin-rows.ts";
import { DatabaseClient } from "../backends/sqlite/database-client.ts";
import { createRunLog } from "../backends/sqlite/run-log.ts";
import { SqliteSampleLog } from "../backends/sqlite/sample-log.ts";
import { workerEntry } from "../backends/worker-entry.ts";
import type { MemorySample, OptimizationRun } from "../contracts/memory.ts";
import { type ContainerMemory, readContainer } from "../memory/container.ts";
import { EventLoopMonitor } from "../memory/event-loop-monitor.ts";
import { GcMonitor } from "../memory/gc-monitor.ts";
import { HelperProcesses } from "../memory/helper-processes.ts";
import { HistoryRecorder } from "../memory/history-recorder.ts";
import { Ledger } from "../memory/ledger.ts";
import type { MemoryControl } from "../memory/memory-control.ts";
import { type Probes, Sampler } from "../memory/sampler.ts";
import { Sweeper } from "../memory/sweeper.ts";
import type { BoundedStore } from "../ports/bounded-store.ts";
import type { RunLog } from "../ports/run-log.ts";
import { MIB } from "../shared/bytes.ts";
import type { Clock } from "../shared/clock.ts";
import type { ResponseCache } from "../stores/response-cache/response-cache.ts";
import type { SessionPool } from "../stores/sessions/session-pool.ts";
import { Audit } from "./audit.ts";
import { Attempts } from "./auth/attempts.ts";
import type { Gate } from "./auth/authenticate.ts";
import { KeyRing } from "./auth/key-ring.ts";
import { composeCache } from "./compose-cache.ts";
import { composeMemoryControl } from "./compose-memory-control.ts";
import { composeSessions } from "./compose-sessions.ts";
import type { Env } from "./env.ts";
import { Events } from "./events.ts";
import type { Log } from "./log.ts";
import { databasePaths } from "./paths.ts";
import { SettingsStore } from "./settings.ts";
import { Traffic } from "./traffic.ts";

/** While nothing is stored yet, this long after the start, what the process grows by is still its own. */
const WARM_UP_MS = 60_000;

/** `starting`, then `ready`, then `draining`: what /readyz tells. */
export type Phase = "starting" | "ready" | "draining";

/**
 * Everything that is one per process, composed once. What a store, a service or a driver needs is handed to it here and
 * nowhere else.
 */
export class Runtime {
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly bootId = randomUUID();
  readonly database: DatabaseClient;
  readonly settings: SettingsStore;
  readonly keys: KeyRing;
  readonly gate: Gate;
  readonly audit: Audit;
  readonly traffic = new Traffic();
  readonly events = new Events();
  readonly ledger: Ledger;
  readonly helpers = new HelperProcesses();
  readonly sampler: Sampler;
  readonly sampleLog: SqliteSampleLog;
  readonly recorder: HistoryRecorder;
  readonly cache: ResponseCache;
  /** What the sampler lists, the sweeper sweeps and the optimizer relieves. */
  readonly stores: BoundedStore[] = [];
  readonly sessions: SessionPool;
  readonly runLog: RunLog;
  /** The gate for writes, the optimizer, the forecast and the advice. */
  readonly memory: MemoryControl;
  phase: Phase = "starting";
  readonly #gc = new GcMonitor();
  readonly #eventLoop = new EventLoopMonitor();
  readonly #startedMs: number;
  readonly #stops: (() => void | Promise<void>)[] = [];

  private constructor(parts: Parts) {
    const { env, clock, log, nodeId, database, settings, keys, ledger, sessions, lastSequence, runLog, lastRun } =
      parts;
    this.env = env;
    this.clock = clock;
    this.log = log;
    this.nodeId = nodeId;
    this.database = database;
    this.settings = settings;
    this.keys = keys;
    this.gate = { keys, attempts: new Attempts(clock) };
    this.audit = new Audit(createAuditRows(database, nodeId), clock, log);
    this.ledger = ledger;
    this.sessions = sessions.sessions;
    this.stores.push(this.sessions);
    this.#stops.push(sessions.stop);
    this.#startedMs = clock.monotonicMs();
    this.sampler = new Sampler({ clock, nodeId, bootId: this.bootId, lastSequence, probes: this.#probes() });
    this.sampleLog = new SqliteSampleLog(database, nodeId);
    this.recorder = new HistoryRecorder(this.sampleLog, clock, (err) =>
      log.warn({ err }, "samples could not be stored"),
    );
    const { cache, stop: stopCache } = composeCache({
      clock,
      ledger: this.ledger,
      settings,
      log,
      compression: env.fixed.HEADROOM_CACHE_COMPRESSION,
    });
    this.cache = cache;
    this.stores.push(cache);
    this.#stops.push(stopCache);
    this.runLog = runLog;
    this.memory = composeMemoryControl(
      {
        clock,
        log,
        settings,
        runLog,
        ledger: this.ledger,
        stores: this.stores,
        events: this.events,
        helpers: this.helpers,
        heapUsedAfterMajor: () => this.#gc.peek().heapUsedAfterMajorBytes,
        containerLimitBytes: () => this.#container().limitBytes,
      },
      lastRun,
    );
  }

  /** Opens the database and everything that reads from it. @throws {Error} with a sentence for whoever started us. */
  static async open(env: Env, clock: Clock, log: Log): Promise<Runtime> {
    const { file, migrationsDir } = databasePaths(env);
    const settingBytes = (megabytes: number) => megabytes * MIB;
    const { database, migrated } = await DatabaseClient.open(workerEntry("database"), {
      file,
      migrationsDir,
      maxBytes: settingBytes(env.pinned.diskMaxMb ?? 8192),
      busyTimeoutMs: 5_000,
    });
    if (migrated.length > 0) log.info({ migrated }, "database migrated");
    const nodeId = await createMetaRows(database).readOrInsert("nodeId", randomUUID());
    const settings = await SettingsStore.open(createSettingRows(database), clock, env.pinned);
    const keys = await KeyRing.open(createKeyRows(database), clock, env.fixed.HEADROOM_OPERATOR_KEY);
    const lastSequence = await new SqliteSampleLog(database, nodeId).lastSequence();
    const ledger = new Ledger({
      limitBytes: settings.values.memoryLimitMb * MIB,
      runtimeBytes: process.memoryUsage.rss(),
    });
    const sessions = await composeSessions({ env, clock, log, database, settings, ledger });
    const runLog = createRunLog(database, nodeId);
    const [lastRun = null] = await runLog.list({ limit: 1 });
    return new Runtime({
      env,
      clock,
      log,
      nodeId,
      database,
      settings,
      keys,
      ledger,
      sessions,
      lastSequence,
      runLog,
      lastRun,
    });
  }

  /** Starts what runs by itself: sampling, history, and what follows the settings. */
  start(): void {
    this.recorder.start();
    let stopSampling: () => void = () => undefined;
    let periodMs = 0;
    const unfollow = this.settings.follow((values) => {
      this.memory.followLimit();
      this.database
        .limit(values.diskMaxMb * MIB)
        .catch((err: unknown) => this.log.warn({ err }, "the disk bound could not be set"));
      if (values.sampleSeconds * 1000 === periodMs) return;
      periodMs = values.sampleSeconds * 1000;
      stopSampling();
      stopSampling = this.clock.every(periodMs, () => this.sample());
    });
    const sweeper = new Sweeper(this.stores, this.clock, (err) => this.log.warn({ err }, "a sweep failed"));
    this.#stops.push(
      unfollow,
      sweeper.start(),
      this.memory.start(),
      () => stopSampling(),
      () => this.recorder.stop(),
    );
    this.sample();
  }

  /** Takes the next sample: to the socket at once, to the database with the next batch. */
  sample(): MemorySample {
    this.#followRuntime();
    const sample = this.sampler.take();
    const stores = this.stores.map((store) => store.stats());
    this.events.emit("memory:sample", { sample, stores });
    this.memory.observe(sample, stores, null);
    this.recorder.record(sample);
    return sample;
  }

  /** Stops what `start` started, writes what waits, and closes the database. */
  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) await stop();
    this.#gc.stop();
    this.#eventLoop.stop();
    await this.database.close();
  }

  #container(): ContainerMemory {
    return readContainer({
      root: this.env.fixed.HEADROOM_CGROUP_ROOT,
      membershipFile: "/proc/self/cgroup",
      machineBytes: totalmem(),
    });
  }

  #followRuntime(): void {
    const warmingUp = this.clock.monotonicMs() - this.#startedMs < WARM_UP_MS;
    // An empty store may hold an index, which is its own and not the runtime's.
    const isEmpty = this.stores.every((store) => store.stats().items === 0);
    if (warmingUp && isEmpty) this.ledger.setRuntime(process.memoryUsage.rss() - this.ledger.grantedBytes);
  }

  #probes(): Probes {
    const heapLimitBytes = getHeapStatistics().heap_size_limit;
    return {
      process: () => {
        const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
        return {
          rssBytes: rss,
          heapUsedBytes: heapUsed,
          heapTotalBytes: heapTotal,
          heapLimitBytes,
          externalBytes: external,
          arrayBuffersBytes: arrayBuffers,
        };
      },
      helperRssBytes: () => this.helpers.rssBytes(),
      container: () => this.#container(),
      gc: this.#gc,
      eventLoop: this.#eventLoop,
      requests: this.traffic,
      byComponent: () => this.ledger.byComponent(),
      runtimeBytes: () => this.ledger.runtimeBytes,
      configuredLimitBytes: () => this.settings.values.memoryLimitMb * MIB,
    };
  }
}

interface Parts {
  env: Env;
  clock: Clock;
  log: Log;
  nodeId: string;
  database: DatabaseClient;
  settings: SettingsStore;
  keys: KeyRing;
  ledger: Ledger;
  sessions: Awaited<ReturnType<typeof composeSessions>>;
  lastSequence: number;
  runLog: RunLog;
  lastRun: OptimizationRun | null;
}
