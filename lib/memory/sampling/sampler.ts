import type { MemorySample } from "../../contracts/memory.ts";
import { COMPONENTS, type Component } from "../../contracts/memory.ts";
import type { Clock } from "../../shared/clock.ts";
import type { ContainerMemory } from "../pressure/container.ts";
import { effectiveLimit, type Level, nextLevel } from "../pressure/level.ts";
import type { GcCounts } from "./gc-monitor.ts";

type ProcessFigures = MemorySample["process"];
type Counters = Pick<MemorySample, "gc" | "eventLoop" | "activity">;

/** Where the sampler gets its figures; each is one cheap synchronous reading. */
export interface Probes {
  process(): ProcessFigures;
  /** RSS of the helper processes that this one started. */
  helperRssBytes(): number;
  container(): ContainerMemory;
  gc: { peek(): GcCounts; take(): GcCounts };
  eventLoop: { peek(): MemorySample["eventLoop"]; take(): MemorySample["eventLoop"] };
  requests: { peek(): number; take(): number };
  /** The ledger's grants. */
  byComponent(): ReadonlyMap<Component, number>;
  runtimeBytes(): number;
  configuredLimitBytes(): number;
}

export interface SamplerOptions {
  clock: Clock;
  nodeId: string;
  bootId: string;
  /** The newest sequence in the database: samples go on from there. */
  lastSequence: number;
  probes: Probes;
}

/** Takes samples. Keeps the newest one only; whoever wants history stores it. */
export class Sampler {
  readonly #options: SamplerOptions;
  #sequence: number;
  #level: Level = "normal";
  #latest: MemorySample | null = null;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#sequence = options.lastSequence;
  }

  /** The newest sample of the series; null before the first. */
  get latest(): MemorySample | null {
    return this.#latest;
  }

  /** The next sample of the series: resets the counters "since the previous sample". */
  take(): MemorySample {
    const { gc, eventLoop, requests } = this.#options.probes;
    this.#sequence += 1;
    const sample = this.#read({ gc: gc.take(), eventLoop: eventLoop.take(), activity: { requests: requests.take() } });
    this.#level = sample.level;
    this.#latest = sample;
    return sample;
  }

  /** A reading for one caller: not part of the series, so it keeps the last sequence and resets nothing. */
  peek(): MemorySample {
    const { gc, eventLoop, requests } = this.#options.probes;
    return this.#read({ gc: gc.peek(), eventLoop: eventLoop.peek(), activity: { requests: requests.peek() } });
  }

  #read(counters: Counters): MemorySample {
    const { clock, nodeId, bootId, probes } = this.#options;
    const figures = probes.process();
    const container = probes.container();
    const { limitBytes, limitSource } = effectiveLimit(probes.configuredLimitBytes(), container.limitBytes);
    const usedBytes = figures.rssBytes + probes.helperRssBytes();
    const usedRatio = usedBytes / limitBytes;
    return {
      sequence: this.#sequence,
      bootId,
      sampledAt: new Date(clock.nowMs()).toISOString(),
      nodeId,
      limitBytes,
      limitSource,
      usedBytes,
      usedRatio,
      level: nextLevel(this.#level, usedRatio),
      process: figures,
      container,
      breakdown: breakdown(usedBytes, probes.byComponent(), probes.runtimeBytes()),
      ...counters,
    };
  }
}

/** Every component once, adding up to `usedBytes`: what no one claims is `unattributed`, below zero when too much is claimed. */
function breakdown(
  usedBytes: number,
  granted: ReadonlyMap<Component, number>,
  runtimeBytes: number,
): MemorySample["breakdown"] {
  const claimed = (component: Component): number =>
    (component === "runtime" ? runtimeBytes : 0) + (granted.get(component) ?? 0);
  const named = COMPONENTS.filter((component) => component !== "unattributed");
  const rest = usedBytes - named.reduce((sum, component) => sum + claimed(component), 0);
  return COMPONENTS.map((component) => ({
    component,
    bytes: component === "unattributed" ? rest : claimed(component),
  }));
}
