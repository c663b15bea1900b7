import type { AgentSamples, AgentView, LeaksView } from "../contracts/leaks.ts";
import type { LeakReport, MemorySample } from "../contracts/memory.ts";
import { AgentRegistry, type WatchedAgent } from "../memory/leaks/agent-registry.ts";
import { foldProfile } from "../memory/leaks/allocation-sites.ts";
import { LeakWatch } from "../memory/leaks/leak-watch.ts";
import { LEAK_SERIES } from "../memory/leaks/sample.ts";
import type { AllocationSampler } from "../memory/profiles/allocation-sampler.ts";
import type { VerdictRows } from "../ports/leak-rows.ts";
import type { Clock } from "../shared/clock.ts";
import type { Events } from "./events.ts";
import type { Log } from "./log.ts";

/** One forced collection per 5 minutes at most, however short the sampling interval. */
const COLLECT_EVERY_MS = 300_000;
const IDLE_BELOW_RATIO = 0.5;
/** Points per series on a chart. */
const MAX_POINTS = 256;
/** What the server itself did stands in the operator's namespace. */
const OWN_NAMESPACE = "default";

interface Parts {
  clock: Clock;
  log: Log;
  events: Events;
  verdicts: VerdictRows;
  sampler: Pick<AllocationSampler, "read">;
}

/** Leak verdicts of this process and of the services that send it their samples. */
export class LeakService {
  readonly #parts: Parts;
  readonly #own = new LeakWatch();
  readonly #agents = new AgentRegistry();
  #lastCollectMs = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes this server's own sample in; tells of a changed verdict on the socket, in the history and in the log. */
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
    return this.#agents.list(namespace).map(viewOf);
  }

  agent(namespace: string, name: string) {
    const agent = this.#agents.find(namespace, name);
    return agent ? { ...viewOf(agent), ...detail(agent.watch) } : null;
  }

  takeAgentSamples(namespace: string, name: string, body: AgentSamples) {
    const { agent, accepted, changes } = this.#agents.push(namespace, name, body, this.#parts.clock.nowMs());
    const { detector } = agent.watch;
    for (const report of changes) this.#announce(namespace, name, report);
    return { accepted, state: detector.state, collect: detector.wantsCollection() };
  }

  history(namespace: string, limit: number, beforeId: number | null) {
    return this.#parts.verdicts.list(namespace, limit, beforeId);
  }

  #announce(namespace: string, source: string, report: LeakReport): void {
    const { clock, log, events, verdicts } = this.#parts;
    // The socket's viewers are of one namespace; a service's verdict goes to those who ask for it.
    if (source === "") events.emit("memory:leak", report);
    verdicts
      .insert({ namespace, source, atMs: clock.nowMs(), report })
      .catch((err: unknown) => log.warn({ err }, "a leak verdict could not be stored"));
    const first = report.suspects[0];
    const level = report.state === "confirmed" ? "error" : "info";
    log[level](
      { source, state: report.state, series: first?.series, site: first?.attribution[0]?.site },
      "leak verdict changed",
    );
  }

  /** One call gives both: V8 collects everything before it hands out the sampling profile. */
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

function viewOf(agent: WatchedAgent): AgentView {
  const { name, sampleMs, rssBytes, heapUsedBytes } = agent;
  return {
    name,
    sampleMs,
    rssBytes,
    heapUsedBytes,
    lastSeenAt: new Date(agent.lastSeenMs).toISOString(),
    ...agent.watch.report(),
  };
}

function detail(watch: LeakWatch) {
  const verdicts = new Map(watch.detector.verdicts().map((v) => [v.series, v]));
  const channels = LEAK_SERIES.map((series) => {
    const { marks, curve } = watch.detector.trace(series);
    const verdict = verdicts.get(series);
    const origin = marks[0]?.at ?? 0;
    const at = (mark: number) => new Date(marks[mark - origin]?.atMs ?? 0).toISOString();
    return {
      series,
      stage: verdict?.stage ?? ("clear" as const),
      slopeBytesPerHour: verdict?.slopeBytesPerHour ?? 0,
      slopeLow: verdict?.slopeLow ?? 0,
      slopeHigh: verdict?.slopeHigh ?? 0,
      fromAt: verdict && verdict.stage !== "clear" ? verdict.firstSeenAt : null,
      raw: marks
        .slice(-MAX_POINTS)
        .map((m) => ({ at: new Date(m.atMs).toISOString(), bytes: m.low, collected: m.exact })),
      live: curve.filter((p) => p.at >= origin).map((p) => ({ at: at(p.at), bytes: Math.round(p.value) })),
    };
  });
  return { samples: watch.detector.samples, ruledOut: watch.ruledOut(), channels, sites: watch.culprits() };
}
