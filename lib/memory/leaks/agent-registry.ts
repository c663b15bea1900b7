import type { AgentSamples } from "../../contracts/leaks.ts";
import type { LeakReport } from "../../contracts/memory.ts";
import { countByNamespace, greediest } from "../../shared/fair-shares.ts";
import { LeakWatch } from "./leak-watch.ts";

/** Services watched at once, over all namespaces; of the namespace with most, the longest unheard makes room. Each holds about 1 MB. */
export const MAX_AGENTS = 24;

export interface WatchedAgent {
  readonly namespace: string;
  readonly name: string;
  watch: LeakWatch;
  bootId: string | null;
  lastSequence: number;
  lastSeenMs: number;
  sampleMs: number | null;
  rssBytes: number;
  heapUsedBytes: number;
}

/** The services that send their samples here. After every call at most MAX_AGENTS are held. */
export class AgentRegistry {
  readonly #agents = new Map<string, WatchedAgent>();

  get size(): number {
    return this.#agents.size;
  }

  /** Takes samples in; those already seen (a post sent twice) are passed over. A new boot begins a new watch. */
  push(
    namespace: string,
    name: string,
    body: AgentSamples,
    nowMs: number,
  ): { agent: WatchedAgent; accepted: number; changes: LeakReport[] } {
    const agent = this.#touch(namespace, name);
    if (body.bootId !== undefined && body.bootId !== agent.bootId) {
      agent.bootId = body.bootId;
      agent.watch = new LeakWatch();
      agent.lastSequence = -1;
    }
    agent.lastSeenMs = nowMs;
    agent.sampleMs = body.sampleMs ?? agent.sampleMs;
    if (body.sites) {
      agent.watch.pushSites(body.sites.map((s) => ({ ...s, functionName: s.site.split(" (")[0] ?? s.site })));
    }
    let accepted = 0;
    const changes: LeakReport[] = [];
    for (const sample of body.samples) {
      if (sample.sequence <= agent.lastSequence) continue;
      agent.lastSequence = sample.sequence;
      if (agent.watch.push(sample)) changes.push(agent.watch.report());
      agent.rssBytes = sample.process.rssBytes;
      agent.heapUsedBytes = sample.process.heapUsedBytes;
      accepted += 1;
    }
    return { agent, accepted, changes };
  }

  find(namespace: string, name: string): WatchedAgent | null {
    return this.#agents.get(keyOf(namespace, name)) ?? null;
  }

  list(namespace: string): readonly WatchedAgent[] {
    return [...this.#agents.values()].filter((agent) => agent.namespace === namespace);
  }

  /** The agent, made if need be, as the newest in the order of use. */
  #touch(namespace: string, name: string): WatchedAgent {
    const key = keyOf(namespace, name);
    const agent = this.#agents.get(key) ?? {
      namespace,
      name,
      watch: new LeakWatch(),
      bootId: null,
      lastSequence: -1,
      lastSeenMs: 0,
      sampleMs: null,
      rssBytes: 0,
      heapUsedBytes: 0,
    };
    this.#agents.delete(key);
    if (this.#agents.size >= MAX_AGENTS) this.#makeRoom(namespace);
    this.#agents.set(key, agent);
    return agent;
  }

  /** Where all namespaces have as many, and the asker none, it is the longest unheard of all. */
  #makeRoom(asker: string): void {
    const counts = countByNamespace(this.#agents.values());
    const giver = greediest(counts, asker) ?? (counts.has(asker) ? asker : null);
    for (const [key, { namespace }] of this.#agents) {
      if (giver !== null && namespace !== giver) continue;
      this.#agents.delete(key);
      return;
    }
  }
}

/** Neither a namespace nor a name holds a control character, so the two cannot run together. */
const keyOf = (namespace: string, name: string) => `${namespace}\u0000${name}`;
