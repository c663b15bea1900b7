import type { AgentAnswer, AgentSamples } from "../../contracts/leaks.ts";
import type { LeakReport } from "../../contracts/memory.ts";
import type { ProcessStanding } from "../../ports/leak-rows.ts";
import { LeakWatch } from "./leak-watch.ts";
import type { WatchRoom } from "./watch-room.ts";

/** Processes of one name watched at once. One more, while all of them report, is not watched. */
export const MAX_PROCESSES = 16;
const SILENT_PERIODS = 3;
const USUAL_PERIOD_MS = 30_000;
/** Agents post at least so far apart, however often they sample. */
const LEAST_PERIOD_MS = 500;
/**
 * A process that ended without a successor is told of for so long while others of its name go on. The windows of one that is silent are
 * kept for so long, where nobody else needs the memory: it may have lost its way here for some minutes only.
 */
const REMEMBERED_MS = 3_600_000;

export interface WatchedProcess {
  readonly bootId: string | null;
  watch: LeakWatch;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  lastSequence: number;
  sampleMs: number | null;
  rssBytes: number;
  heapUsedBytes: number;
  /** It has taken the place of a process that stopped. */
  succeeds: boolean;
  /** Whether its watch is paid for: one that was only read back, sent no sample, or found no memory, is empty. */
  charged: boolean;
  /** Its last samples were passed over, for there was no memory to watch it. */
  refused: boolean;
}

/** What became of samples that were sent. */
export interface Pushed {
  accepted: number;
  collect: boolean;
  changes: LeakReport[];
  notWatched: NonNullable<AgentAnswer["notWatched"]> | null;
}

const NONE_NEW: Pushed = { accepted: 0, collect: false, changes: [], notWatched: null };

/** The processes that report under one name: workers and replicas side by side, and one after the other. */
export class WatchedService {
  readonly namespace: string;
  readonly name: string;
  readonly #processes = new Map<string | null, WatchedProcess>();
  /** Before this nobody could have been heard. */
  readonly #listeningSinceMs: number;
  readonly #room: WatchRoom;
  #told = "";

  constructor(namespace: string, name: string, listeningSinceMs: number, room: WatchRoom) {
    this.namespace = namespace;
    this.name = name;
    this.#listeningSinceMs = listeningSinceMs;
    this.#room = room;
  }

  /** Takes samples of one process in; returns how many were new, the verdicts where they changed, and why it is not watched if it is not. */
  push(body: AgentSamples, nowMs: number): Pushed {
    this.settle(nowMs);
    const process = this.#processOf(body.bootId ?? null, nowMs);
    if (!process) return { ...NONE_NEW, notWatched: "too-many-processes" };
    process.lastSeenMs = nowMs;
    if (body.samples.length > 0) {
      process.charged ||= this.#room.tryReserve(this.namespace, nowMs);
      process.refused = !process.charged;
    }
    if (!process.charged) return { ...NONE_NEW, notWatched: process.refused ? "no-memory" : null };
    process.sampleMs = body.sampleMs ?? process.sampleMs;
    if (body.sites) {
      process.watch.pushSites(body.sites.map((s) => ({ ...s, functionName: s.site.split(" (")[0] ?? s.site })));
    }
    let accepted = 0;
    const changes: LeakReport[] = [];
    for (const sample of body.samples) {
      if (sample.sequence <= process.lastSequence) continue;
      process.lastSequence = sample.sequence;
      if (process.watch.push(sample) && this.#changed()) changes.push(this.worst().watch.report());
      process.rssBytes = sample.process.rssBytes;
      process.heapUsedBytes = sample.process.heapUsedBytes;
      accepted += 1;
    }
    return { accepted, collect: process.watch.detector.wantsCollection(), changes, notWatched: null };
  }

  /** The worst first; never empty once something was pushed or restored. */
  processes(): readonly WatchedProcess[] {
    return [...this.#processes.values()].sort((a, b) => gravity(b) - gravity(a) || b.lastSeenMs - a.lastSeenMs);
  }

  worst(): WatchedProcess {
    const [worst] = this.processes();
    if (!worst) throw new Error(`no process of ${this.name} is watched`);
    return worst;
  }

  /** Hands verdicts down from processes that stopped to those that took their place, and forgets those long gone. */
  settle(nowMs: number): void {
    for (const gone of [...this.#processes.values()].filter((p) => this.isSilent(p, nowMs))) {
      const successor = this.#successorOf(gone, nowMs);
      if (successor) {
        successor.succeeds = true;
        successor.watch.inherit(gone.watch.standing);
      }
      const others = this.#processes.size > 1;
      const longGone = nowMs - gone.lastSeenMs > REMEMBERED_MS;
      if (successor || (others && longGone && !this.#allSilent(nowMs))) this.#drop(gone);
      else if (longGone) this.giveUp(gone);
    }
  }

  /** The process whose watch is paid for and that has been silent for longest. */
  longestSilent(nowMs: number): WatchedProcess | null {
    const silent = [...this.#processes.values()].filter((p) => p.charged && this.isSilent(p, nowMs));
    return silent.sort((a, b) => a.lastSeenMs - b.lastSeenMs)[0] ?? null;
  }

  /** Gives the memory of its watch back: of what was seen the verdict stays, as after a restart of this server. */
  giveUp(process: WatchedProcess): void {
    if (!process.charged) return;
    const { standing } = process.watch;
    process.watch = new LeakWatch();
    process.watch.inherit(standing);
    process.charged = false;
    this.#room.release(this.namespace);
  }

  isSilent(process: WatchedProcess, nowMs: number): boolean {
    return nowMs - Math.max(process.lastSeenMs, this.#listeningSinceMs) > silentAfterMs(process);
  }

  /** When the service was last heard of, if none of its processes reports any more. */
  silentSinceMs(nowMs: number): number | null {
    return this.#allSilent(nowMs) ? this.lastSeenMs : null;
  }

  get lastSeenMs(): number {
    return Math.max(...[...this.#processes.values()].map((p) => p.lastSeenMs));
  }

  standings(): ProcessStanding[] {
    return [...this.#processes.values()].map((p) => ({
      bootId: p.bootId,
      verdict: p.watch.standing,
      firstSeenMs: p.firstSeenMs,
      lastSeenMs: p.lastSeenMs,
      sampleMs: p.sampleMs,
      rssBytes: p.rssBytes,
      heapUsedBytes: p.heapUsedBytes,
    }));
  }

  restore(standings: readonly ProcessStanding[]): void {
    for (const { verdict, ...kept } of standings.slice(0, MAX_PROCESSES)) {
      const process = {
        ...kept,
        watch: new LeakWatch(),
        lastSequence: -1,
        succeeds: false,
        charged: false,
        refused: false,
      };
      process.watch.inherit(verdict);
      this.#processes.set(kept.bootId, process);
    }
  }

  /** Forgets all processes, and gives their memory back. */
  close(): void {
    for (const process of this.#processes.values()) this.#drop(process);
  }

  #allSilent(nowMs: number): boolean {
    return [...this.#processes.values()].every((p) => this.isSilent(p, nowMs));
  }

  #changed(): boolean {
    const { state, suspects } = this.worst().watch.report();
    const told = [state, ...suspects.map((s) => s.series)].join();
    if (told === this.#told) return false;
    this.#told = told;
    return true;
  }

  #processOf(bootId: string | null, nowMs: number): WatchedProcess | null {
    const known = this.#processes.get(bootId);
    if (known) return known;
    if (this.#processes.size >= MAX_PROCESSES && !this.#makeRoom(nowMs)) return null;
    const process: WatchedProcess = {
      bootId,
      watch: new LeakWatch(),
      firstSeenMs: nowMs,
      lastSeenMs: nowMs,
      lastSequence: -1,
      sampleMs: null,
      rssBytes: 0,
      heapUsedBytes: 0,
      succeeds: false,
      charged: false,
      refused: false,
    };
    this.#processes.set(bootId, process);
    return process;
  }

  #makeRoom(nowMs: number): boolean {
    const silent = [...this.#processes.values()].filter((p) => this.isSilent(p, nowMs));
    const [oldest] = silent.sort((a, b) => a.lastSeenMs - b.lastSeenMs);
    if (oldest) this.#drop(oldest);
    return oldest !== undefined;
  }

  #drop(process: WatchedProcess): void {
    this.#processes.delete(process.bootId);
    if (process.charged) this.#room.release(this.namespace);
  }

  /** The first that began to report when this one had stopped, or was about to: replicas are replaced one by one. */
  #successorOf(gone: WatchedProcess, nowMs: number): WatchedProcess | undefined {
    const earliest = gone.lastSeenMs - silentAfterMs(gone);
    return [...this.#processes.values()]
      .filter((p) => p !== gone && !p.succeeds && p.firstSeenMs > gone.firstSeenMs && p.firstSeenMs >= earliest)
      .filter((p) => !this.isSilent(p, nowMs))
      .sort((a, b) => a.firstSeenMs - b.firstSeenMs)[0];
  }
}

function silentAfterMs({ sampleMs }: Pick<WatchedProcess, "sampleMs">): number {
  return SILENT_PERIODS * Math.max(LEAST_PERIOD_MS, sampleMs ?? USUAL_PERIOD_MS);
}

function gravity({ watch }: WatchedProcess): number {
  if (watch.state === "confirmed") return 4;
  if (watch.before?.state === "confirmed") return 3;
  if (watch.state === "suspected") return 2;
  return watch.before || watch.state === "clear" ? 1 : 0;
}
