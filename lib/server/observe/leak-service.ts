import type { AgentSamples, AgentView, LeaksView } from "../../contracts/leaks.ts";
import type { LeakReport, MemorySample, ServicesSummary } from "../../contracts/memory.ts";
import { AgentRegistry } from "../../memory/leaks/agent-registry.ts";
import { foldProfile } from "../../memory/leaks/allocation-sites.ts";
import { LeakWatch } from "../../memory/leaks/leak-watch.ts";
import type { AllocationSampler } from "../../memory/profiles/allocation-sampler.ts";
import type { ProcessStanding, ServiceStanding, StandingRows, VerdictRows } from "../../ports/leak-rows.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import type { Events } from "./events.ts";
import { detail, serviceView, summarize } from "./leak-views.ts";
import type { Log } from "./log.ts";

/** At most one forced collection per 5 minutes, however short the sampling interval. */
const COLLECT_EVERY_MS = 300_000;
const IDLE_BELOW_RATIO = 0.5;
/** Period between writes of the services' last-seen times; a changed verdict is written at once. */
const KEEP_EVERY_MS = 60_000;
/** The server's own actions belong to the operator's namespace. */
const OWN_NAMESPACE = "default";

interface Parts {
  clock: Clock;
  log: Log;
  events: Events;
  verdicts: VerdictRows;
  standings: StandingRows;
  bootId: string;
  sampler: Pick<AllocationSampler, "read">;
  /** Pays for the watches of other services. */
  watches: MemoryAccount;
}

/** Leak verdicts of this process and of the services that send it their samples. */
export class LeakService {
  readonly #parts: Parts;
  readonly #own = new LeakWatch();
  readonly #agents: AgentRegistry;
  #lastCollectMs = Number.NEGATIVE_INFINITY;
  #keeping: Promise<void> | null = null;
  #toKeep = false;

  private constructor(parts: Parts, kept: readonly ServiceStanding[]) {
    this.#parts = parts;
    this.#agents = new AgentRegistry(parts.clock.nowMs(), parts.watches);
    this.#agents.restore(kept.filter(({ source }) => source !== ""));
    this.#own.inherit(kept.find(({ source }) => source === "")?.processes[0]?.verdict ?? null);
  }

  /** Restores the verdicts from before the restart; they apply until the processes are judged again. */
  static async open(parts: Parts): Promise<LeakService> {
    return new LeakService(parts, await parts.standings.list());
  }

  /** Starts to store the services' last-seen times; returns a function that stops this and writes the last state. */
  start(): () => Promise<void> {
    const { clock } = this.#parts;
    const stop = clock.every(KEEP_EVERY_MS, () => {
      this.#agents.settle(clock.nowMs());
      void this.#keep();
    });
    return async () => {
      stop();
      await this.#keep();
    };
  }

  /** Adds this server's own sample; reports a changed verdict on the socket, in the history and in the log. */
  observe(sample: MemorySample): void {
    const changed = this.#own.push(sample);
    if (changed) this.#announce(OWN_NAMESPACE, "", this.#own.report());
    this.#maybeCollect(sample);
  }

  report(): LeakReport {
    return this.#own.report();
  }

  view(namespace: string): LeaksView {
    return { ...this.#own.report(), ...detail(this.#own), agents: this.agents(namespace) };
  }

  agents(namespace: string): AgentView[] {
    const nowMs = this.#parts.clock.nowMs();
    return this.#agents.list(namespace).map((service) => {
      service.settle(nowMs);
      return serviceView(service, nowMs);
    });
  }

  services(namespace: string): ServicesSummary {
    return summarize(this.agents(namespace));
  }

  /** A service with the verdict and evidence of its worst process. */
  agent(namespace: string, name: string) {
    const nowMs = this.#parts.clock.nowMs();
    const service = this.#agents.find(namespace, name);
    if (!service) return null;
    service.settle(nowMs);
    return { ...serviceView(service, nowMs), ...detail(service.worst().watch) };
  }

  takeAgentSamples(namespace: string, name: string, body: AgentSamples) {
    const { clock } = this.#parts;
    const { service, accepted, collect, changes, notWatched } = this.#agents.push(namespace, name, body, clock.nowMs());
    for (const report of changes) this.#announce(namespace, name, report);
    return { accepted, state: service.worst().watch.state, collect, notWatched };
  }

  history(namespace: string, limit: number, beforeId: number | null) {
    return this.#parts.verdicts.list(namespace, limit, beforeId);
  }

  #announce(namespace: string, source: string, report: LeakReport): void {
    const { clock, log, events, verdicts } = this.#parts;
    // All viewers of the socket belong to one namespace; verdicts on services are only sent on request.
    if (source === "") events.emit("memory:leak", report);
    verdicts
      .insert({ namespace, source, atMs: clock.nowMs(), report })
      .catch((err: unknown) => log.warn({ err }, "a leak verdict could not be stored"));
    void this.#keep();
    const first = report.suspects[0];
    const level = report.state === "confirmed" ? "error" : "info";
    log[level](
      { source, state: report.state, series: first?.series, site: first?.attribution[0]?.site },
      "leak verdict changed",
    );
  }

  /** Writes all verdicts; changes in the meantime are written again. */
  #keep(): Promise<void> {
    this.#toKeep = true;
    this.#keeping ??= this.#keepAll().finally(() => {
      this.#keeping = null;
    });
    return this.#keeping;
  }

  async #keepAll(): Promise<void> {
    const { standings, log } = this.#parts;
    try {
      while (this.#toKeep) {
        this.#toKeep = false;
        await standings.replace([this.#ownStanding(), ...this.#agents.standings()]);
      }
    } catch (err) {
      log.warn({ err }, "leak verdicts could not be kept for a restart");
    }
  }

  #ownStanding(): ServiceStanding {
    const nowMs = this.#parts.clock.nowMs();
    const own: ProcessStanding = {
      bootId: this.#parts.bootId,
      verdict: this.#own.standing,
      firstSeenMs: nowMs,
      lastSeenMs: nowMs,
      sampleMs: null,
      rssBytes: 0,
      heapUsedBytes: 0,
    };
    return { namespace: OWN_NAMESPACE, source: "", processes: [own] };
  }

  /** One call does both: V8 collects garbage before it returns the sampling profile. */
  #maybeCollect(sample: MemorySample): void {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#lastCollectMs < COLLECT_EVERY_MS || sample.eventLoop.utilizationRatio > IDLE_BELOW_RATIO) return;
    if (!this.#own.detector.wantsCollection()) return;
    this.#lastCollectMs = now;
    this.#parts.sampler
      .read()
      .then((profile) => profile && this.#own.pushSites(foldProfile(profile.head)))
      .catch((err: unknown) => this.#parts.log.warn({ err }, "allocation sites could not be read"));
  }
}
