import type { AgentSamples } from "../../contracts/leaks.ts";
import type { ServiceStanding } from "../../ports/leak-rows.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import { countByNamespace, greediest } from "../../shared/fair-shares.ts";
import { WatchRoom } from "./watch-room.ts";
import { type Pushed, type WatchedProcess, WatchedService } from "./watched-service.ts";

/** Services watched at once, over all namespaces, by name; of the namespace with most, the longest unheard makes room. */
export const MAX_AGENTS = 24;

/** The services that send their samples here. After every call at most MAX_AGENTS are held. */
export class AgentRegistry {
  readonly #agents = new Map<string, WatchedService>();
  readonly #listeningSinceMs: number;
  readonly #room: WatchRoom;

  /**
   * @param listeningSinceMs since when services can have been heard: silence counts from there.
   * @param account pays for the watches; while it refuses, or a namespace has its fair part, a process that is new is not watched.
   */
  constructor(listeningSinceMs: number, account: MemoryAccount) {
    this.#listeningSinceMs = listeningSinceMs;
    this.#room = new WatchRoom(account, (nowMs, namespace) => this.#giveUpSilent(nowMs, namespace));
  }

  get size(): number {
    return this.#agents.size;
  }

  /** Takes samples in; those already seen (a post sent twice) are passed over. Each process of a name is watched apart. */
  push(namespace: string, name: string, body: AgentSamples, nowMs: number): Pushed & { service: WatchedService } {
    const service = this.#touch(namespace, name);
    return { service, ...service.push(body, nowMs) };
  }

  find(namespace: string, name: string): WatchedService | null {
    return this.#agents.get(keyOf(namespace, name)) ?? null;
  }

  list(namespace: string): readonly WatchedService[] {
    return [...this.#agents.values()].filter((agent) => agent.namespace === namespace);
  }

  /** Hands verdicts down, and gives back what the watches of processes hold that ended long ago. */
  settle(nowMs: number): void {
    for (const service of this.#agents.values()) service.settle(nowMs);
  }

  /** What is kept over a restart of this server. */
  standings(): ServiceStanding[] {
    return [...this.#agents.values()].map((s) => ({
      namespace: s.namespace,
      source: s.name,
      processes: s.standings(),
    }));
  }

  restore(standings: readonly ServiceStanding[]): void {
    for (const { namespace, source, processes } of standings) {
      if (processes.length > 0) this.#touch(namespace, source).restore(processes);
    }
  }

  /** The service, made if need be, as the newest in the order of use. */
  #touch(namespace: string, name: string): WatchedService {
    const key = keyOf(namespace, name);
    const agent = this.#agents.get(key) ?? new WatchedService(namespace, name, this.#listeningSinceMs, this.#room);
    this.#agents.delete(key);
    if (this.#agents.size >= MAX_AGENTS) this.#makeRoom(namespace);
    this.#agents.set(key, agent);
    return agent;
  }

  #giveUpSilent(nowMs: number, namespace: string | null): boolean {
    let longest: { service: WatchedService; process: WatchedProcess } | null = null;
    for (const service of this.#agents.values()) {
      if (namespace !== null && service.namespace !== namespace) continue;
      const process = service.longestSilent(nowMs);
      if (process && (!longest || process.lastSeenMs < longest.process.lastSeenMs)) longest = { service, process };
    }
    longest?.service.giveUp(longest.process);
    return longest !== null;
  }

  /** Where all namespaces have as many, and the asker none, it is the longest unheard of all. */
  #makeRoom(asker: string): void {
    const counts = countByNamespace(this.#agents.values());
    const giver = greediest(counts, asker) ?? (counts.has(asker) ? asker : null);
    for (const [key, service] of this.#agents) {
      if (giver !== null && service.namespace !== giver) continue;
      this.#agents.delete(key);
      service.close();
      return;
    }
  }
}

/** Neither a namespace nor a name holds a control character, so the two cannot run together. */
const keyOf = (namespace: string, name: string) => `${namespace}\u0000${name}`;
