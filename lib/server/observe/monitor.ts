import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";
import { SqliteSampleLog } from "../../backends/sqlite/sample-log.ts";
import type { MemorySample, StoreStats } from "../../contracts/memory.ts";
import { type ContainerMemory, readContainer } from "../../memory/pressure/container.ts";
import { collectAndGiveBack } from "../../memory/relief/collector.ts";
import { EventLoopMonitor } from "../../memory/sampling/event-loop-monitor.ts";
import { GcMonitor } from "../../memory/sampling/gc-monitor.ts";
import { HeapPeak, watchCollections } from "../../memory/sampling/heap-peak.ts";
import { HistoryRecorder } from "../../memory/sampling/history-recorder.ts";
import { RuntimeBaseline } from "../../memory/sampling/runtime-baseline.ts";
import { type Probes, Sampler } from "../../memory/sampling/sampler.ts";
import { StoreRecorder } from "../../memory/sampling/store-history.ts";
import type { SampleLog } from "../../ports/sample-log.ts";
import { MIB } from "../../shared/bytes.ts";
import type { Core } from "../compose/core.ts";

/**
 * While nothing is stored yet, this long after the start, what the process grows by is still its own: read once a
 * second.
 */
const WARM_UP_MS = 60_000;
const BASELINE_MS = 1_000;

/** Called with each sample of the series, before it is sent and stored. */
export type SampleListener = (sample: MemorySample, stores: StoreStats[]) => void;

/** The monitoring of the process: its probes, the sampler, and the history of samples. */
export class Monitor {
  readonly sampler: Sampler;
  readonly sampleLog: SampleLog;
  readonly recorder: HistoryRecorder;
  readonly storeRecorder = new StoreRecorder();
  readonly gc = new GcMonitor();
  readonly #core: Core;
  readonly #eventLoop = new EventLoopMonitor();
  readonly #baseline = new RuntimeBaseline();
  readonly #collections = watchCollections();
  readonly #heapPeak = this.#collections && new HeapPeak(this.#collections);
  readonly #listeners: SampleListener[] = [];

  private constructor(core: Core, sampleLog: SampleLog, lastSequence: number) {
    const { clock, nodeId, bootId, log } = core;
    this.#core = core;
    this.sampleLog = sampleLog;
    this.sampler = new Sampler({ clock, nodeId, bootId, lastSequence, probes: this.#probes() });
    this.recorder = new HistoryRecorder(sampleLog, clock, (err) => log.warn({ err }, "samples could not be stored"));
  }

  static async open(core: Core): Promise<Monitor> {
    const sampleLog = new SqliteSampleLog(core.database, core.nodeId);
    return new Monitor(core, sampleLog, await sampleLog.lastSequence());
  }

  /** Consumers of samples: the optimizer and the leak detector. */
  onSample(listener: SampleListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Samples from now on, at the period in force. Garbage of the start is to be gone: it would be taken for what the
   * process holds.
   */
  start(): void {
    const { clock, settings } = this.#core;
    let stopSampling: () => void = () => undefined;
    let periodMs = 0;
    this.recorder.start();
    const unfollow = settings.follow(({ sampleSeconds }) => {
      if (sampleSeconds * 1000 === periodMs) return;
      periodMs = sampleSeconds * 1000;
      stopSampling();
      stopSampling = clock.every(periodMs, () => this.#sample());
    });
    this.#core.onStop(
      clock.every(BASELINE_MS, () => this.#followRuntime()),
      // Collect V8's entries about garbage collections in time.
      clock.every(BASELINE_MS, () => this.#heapPeak?.read()),
      clock.after(WARM_UP_MS, () => this.#baseline.settle()),
      () => this.#eventLoop.stop(),
      () => this.gc.stop(),
      () => this.#collections?.stop(),
      () => this.recorder.stop(),
      () => stopSampling(),
      unfollow,
    );
    this.#sample();
  }

  /** Collects all garbage and returns free pages. @returns the pause in milliseconds. */
  readonly giveBack = async (): Promise<number> => {
    const pauseMs = await collectAndGiveBack();
    this.#heapPeak?.gaveBack();
    return pauseMs;
  };

  /** Heap pages that may be resident: used, free, and those in V8's pool. */
  readonly heapPagesBytes = (): number => getHeapStatistics().total_physical_size + (this.#heapPeak?.keptBytes() ?? 0);

  /** The memory of the container that this process is in. */
  readonly container = (): ContainerMemory =>
    readContainer({
      root: this.#core.env.fixed.HEADROOM_CGROUP_ROOT,
      membershipFile: "/proc/self/cgroup",
      machineBytes: totalmem(),
    });

  /** Handles the next sample: sends it to the socket at once, and to the database with the next batch. */
  #sample(): void {
    this.#followRuntime();
    const sample = this.sampler.take();
    const stores = this.#core.stores.map((store) => store.stats());
    this.storeRecorder.record(sample.sampledAt, stores);
    for (const listener of this.#listeners) listener(sample, stores);
    this.#core.events.emit("memory:sample", { sample, stores });
    this.recorder.record(sample);
  }

  #followRuntime(): void {
    const { ledger, stores, helpers } = this.#core;
    // A helper's memory is granted before it is used and is not part of this process; subtracting it would leave 40 MB
    // for the runtime.
    // Lent memory is also granted before it is used: 16 streams that started together left nothing for the runtime.
    if (ledger.lentBytes > 0) return;
    const isEmpty = helpers.running === 0 && stores.every((store) => store.stats().items === 0);
    const aheadBytes = ledger.byComponent().get("embeddings") ?? 0;
    const ownBytes = process.memoryUsage.rss() - ledger.grantedBytes + aheadBytes;
    ledger.setRuntime(this.#baseline.read(ownBytes, isEmpty));
  }

  #probes(): Probes {
    const { helpers, traffic, ledger, settings } = this.#core;
    const heapLimitBytes = getHeapStatistics().heap_size_limit;
    return {
      process: () => {
        const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
        const heapPeakBytes = this.#heapPeak?.read();
        return {
          rssBytes: rss,
          heapUsedBytes: heapUsed,
          heapTotalBytes: heapTotal,
          heapLimitBytes,
          externalBytes: external,
          arrayBuffersBytes: arrayBuffers,
          ...(heapPeakBytes === undefined ? {} : { heapPeakBytes }),
        };
      },
      helperRssBytes: () => helpers.rssBytes(),
      container: () => this.container(),
      gc: this.gc,
      eventLoop: this.#eventLoop,
      requests: traffic,
      byComponent: () => ledger.byComponent(),
      runtimeBytes: () => ledger.runtimeBytes,
      configuredLimitBytes: () => settings.values.memoryLimitMb * MIB,
    };
  }
}
