import { createRunLog } from "../backends/sqlite/run-log.ts";
import { LoopGate } from "../memory/pressure/loop-gate.ts";
import { Sweeper } from "../memory/relief/sweeper.ts";
import type { Amount } from "../ports/namespace-quotas.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { Clock } from "../shared/clock.ts";
import { composeCache } from "./compose/compose-cache.ts";
import { composeFirstAnswers } from "./compose/compose-first-answers.ts";
import { composeLeaks } from "./compose/compose-leaks.ts";
import { composeIdleCollector, composeMemoryControl, composeTrim } from "./compose/compose-memory-control.ts";
import { composeQuotas } from "./compose/compose-quotas.ts";
import { composeRag } from "./compose/compose-rag.ts";
import { composeRedis } from "./compose/compose-redis.ts";
import { composeSessions } from "./compose/compose-sessions.ts";
import { composeStreams } from "./compose/compose-streams.ts";
import { composeVectors } from "./compose/compose-vectors.ts";
import { Core } from "./compose/core.ts";
import type { Env } from "./env.ts";
import type { Log } from "./observe/log.ts";
import { Monitor } from "./observe/monitor.ts";

/** `starting`, then `ready`, then `draining`; reported by /readyz. */
type Phase = "starting" | "ready" | "draining";

/** Everything that exists once per process; passed to handlers, sockets and jobs. */
export type Runtime = Awaited<ReturnType<typeof openRuntime>>;

/**
 * Composes the process, once. Each feature has a `compose-….ts` that receives the core, opens its accounts with the
 * ledger, adds its stores and registers how it stops. Nothing starts before all parts are composed.
 *
 * @throws {StartError} with a sentence for the operator.
 */
export async function openRuntime(env: Env, clock: Clock, log: Log) {
  const core = await Core.open(env, clock, log);
  const monitor = await Monitor.open(core);
  const quotas = await composeQuotas(core);
  const redis = await composeRedis(core);
  const sessions = await composeSessions(core, quotas, redis);
  const firstAnswers = await composeFirstAnswers(core, sessions);
  const { cache, held } = await composeCache(core, quotas, redis);
  quotas.attach({
    committed: () => sessions.committed(),
    ...held,
    sessions: redis === null ? null : (namespace) => tallied(sessions, namespace),
  });
  const vectors = await composeVectors(core, quotas);
  const rag = await composeRag(core, quotas);
  const streams = composeStreams(core, { sampleLog: monitor.sampleLog, sessions, cache, vectors, rag });
  const runLog = createRunLog(core.database, core.nodeId);
  const trim = composeTrim(core);
  const memory = await composeMemoryControl(core, monitor, runLog, trim);
  const quiet = composeIdleCollector(core, monitor, trim);
  const loop = new LoopGate(clock);
  const { leaks, profiles, start: startLeaks } = await composeLeaks(core);
  monitor.onSample((sample, stores) => {
    leaks.observe(sample);
    memory.observe(sample, stores, leaks.report());
  });

  /** Starts background work after the garbage of the start is freed: a small limit has no room for it. */
  const start = async (): Promise<void> => {
    await monitor.giveBack();
    const sweeper = new Sweeper(core.stores, clock, (err) => log.warn({ err }, "a sweep failed"));
    core.onStop(sweeper.start(), memory.start(), quiet.start(), startLeaks(), loop.start());
    streams.start();
    monitor.start();
  };
  const { database, storage, settings, keys, proxies, gate, audit, traffic, events, ledger, stores } = core;
  return {
    env,
    clock,
    log,
    phase: "starting" as Phase,
    database,
    storage,
    settings,
    keys,
    proxies,
    gate,
    audit,
    traffic,
    events,
    ledger,
    stores,
    monitor,
    quotas,
    redis,
    sessions,
    firstAnswers,
    cache,
    vectors,
    rag,
    streams,
    runLog,
    memory,
    loop,
    leaks,
    profiles,
    start,
    onStop: core.onStop,
    close: core.close,
  };
}

/** What a namespace has of sessions that are not in this node's database. */
async function tallied(sessions: SessionStore, namespace: string): Promise<Amount> {
  const { bytes, count } = await sessions.listing.tally(namespace, {});
  return { bytes, items: count };
}
