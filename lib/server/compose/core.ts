import { randomUUID } from "node:crypto";
import { createAuditRows, createKeyRows, createMetaRows, createSettingRows } from "../../backends/sqlite/admin-rows.ts";
import { Ledger } from "../../memory/ledger.ts";
import { HelperProcesses } from "../../memory/sampling/helper-processes.ts";
import type { BoundedStore } from "../../ports/bounded-store.ts";
import type { ServedDatabase } from "../../ports/database.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Clock } from "../../shared/clock.ts";
import { Audit } from "../admin/audit.ts";
import { SettingsStore } from "../admin/settings.ts";
import { Attempts } from "../auth/attempts.ts";
import type { Gate } from "../auth/authenticate.ts";
import { KeyRing } from "../auth/key-ring.ts";
import type { Env } from "../env.ts";
import { Proxies } from "../http/intake/proxies.ts";
import { Events } from "../observe/events.ts";
import type { Log } from "../observe/log.ts";
import { StorageWatch } from "../observe/storage-watch.ts";
import { Traffic } from "../observe/traffic.ts";
import { composeDatabase } from "./compose-database.ts";

interface Parts {
  env: Env;
  clock: Clock;
  log: Log;
  nodeId: string;
  database: ServedDatabase;
  settings: SettingsStore;
  keys: KeyRing;
}

/** The base of every feature: time, configuration, the database, authentication and the ledger. */
export class Core {
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  readonly bootId = randomUUID();
  readonly database: ServedDatabase;
  readonly storage: StorageWatch;
  readonly settings: SettingsStore;
  readonly keys: KeyRing;
  readonly gate: Gate;
  readonly proxies: Proxies;
  readonly audit: Audit;
  readonly traffic = new Traffic();
  readonly events = new Events();
  readonly ledger: Ledger;
  readonly helpers = new HelperProcesses();
  /** The stores that the sampler lists, the sweeper sweeps and the optimizer relieves. */
  readonly stores: BoundedStore[] = [];
  readonly #stops: (() => void | Promise<void>)[] = [];

  private constructor({ env, clock, log, nodeId, database, settings, keys }: Parts) {
    this.env = env;
    this.clock = clock;
    this.log = log;
    this.nodeId = nodeId;
    this.database = database;
    this.storage = new StorageWatch(database, clock, log);
    this.settings = settings;
    this.keys = keys;
    this.proxies = new Proxies(env.fixed.HEADROOM_TRUST_PROXY);
    this.gate = { keys, attempts: new Attempts(clock) };
    this.audit = new Audit(createAuditRows(database, nodeId), clock, log);
    this.ledger = new Ledger({
      limitBytes: settings.values.memoryLimitMb * MIB,
      runtimeBytes: process.memoryUsage.rss(),
    });
  }

  /** Opens the database and reads the data needed at start. @throws {StartError} with a sentence for the operator. */
  static async open(env: Env, clock: Clock, log: Log): Promise<Core> {
    const database = await composeDatabase(env, log);
    // A database has one node, wherever that runs: a container that is made anew goes on with its samples and jobs.
    const nodeId = await createMetaRows(database).readOrInsert("nodeId", randomUUID());
    const settings = await SettingsStore.open(createSettingRows(database), clock, env.pinned);
    const keys = await KeyRing.open(createKeyRows(database), clock, env.fixed.HEADROOM_OPERATOR_KEY);
    const core = new Core({ env, clock, log, nodeId, database, settings, keys });
    core.onStop(
      core.storage.start(),
      settings.follow(({ diskMaxMb }) => {
        database.limit(diskMaxMb * MIB).catch((err: unknown) => log.warn({ err }, "the disk limit could not be set"));
      }),
    );
    return core;
  }

  /** Registers a stop function; the last registered runs first. */
  readonly onStop = (...stops: (() => unknown)[]): void => {
    for (const stop of stops) this.#stops.unshift(async () => void (await stop()));
  };

  /** Stops everything that was started, writes pending data, and closes the database. */
  readonly close = async (): Promise<void> => {
    for (const stop of this.#stops.splice(0)) await stop();
    await this.database.close();
  };
}
