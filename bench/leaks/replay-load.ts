/**
 * Hours of the report load in seconds: a recorded half hour of a running server, over and over, goes by a fake clock through the real
 * sampler, ledger and leak watch. What the server said of itself is all that is recorded; the verdicts are made here.
 */
import { existsSync, readFileSync } from "node:fs";
import { LeakWatch } from "../../lib/memory/leaks/leak-watch.ts";
import { Ledger, type LedgerAccount } from "../../lib/memory/ledger.ts";
import { Sampler } from "../../lib/memory/sampling/sampler.ts";
import { FakeClock } from "../../lib/testing/fake-clock.ts";
import { RECORDING, type Reading, readRecording, STORES } from "./recording.ts";

/** The recorded server as the sampler's probes: what it read, granted and counted up to now. */
class RecordedServer {
  readonly ledger: Ledger;
  readonly #readings: readonly Reading[];
  readonly #accounts: readonly LedgerAccount[];
  #next = 0;
  #beganMs = 0;
  #now: Reading;
  #counts = { majors: 0, afterMajor: null as number | null, requests: 0 };

  constructor(readings: readonly Reading[]) {
    const [first] = readings;
    if (!first) throw new RangeError("the recording is empty");
    this.#readings = readings;
    this.#now = first;
    this.ledger = new Ledger({ limitBytes: first.figures.limit, runtimeBytes: first.figures.runtime });
    this.#accounts = STORES.map((name) => this.ledger.open(name, name, Number.MAX_SAFE_INTEGER));
  }

  /** Goes on to what was read by then, from the beginning again behind the end. */
  advance(toMs: number): void {
    for (;;) {
      const reading = this.#readings[this.#next];
      if (!reading) {
        this.#beganMs += (this.#readings.at(-1)?.ms ?? 0) + 1_000;
        this.#next = 0;
        continue;
      }
      if (this.#beganMs + reading.ms > toMs) return;
      this.#take(reading);
      this.#next += 1;
    }
  }

  get now(): Reading {
    return this.#now;
  }

  takeCounts() {
    const counts = this.#counts;
    this.#counts = { majors: 0, afterMajor: null, requests: 0 };
    return counts;
  }

  #take(reading: Reading): void {
    this.#now = reading;
    this.ledger.setLimit(reading.figures.limit);
    this.ledger.setRuntime(reading.figures.runtime);
    // First what is given back: as on the server, it makes room for what is asked for.
    const changes = this.#accounts.map((account, i) => (reading.stores[i] ?? 0) - account.grantedBytes);
    this.#accounts.forEach((account, i) => {
      account.release(Math.max(0, -(changes[i] ?? 0)));
    });
    this.#accounts.forEach((account, i) => {
      const asked = Math.max(0, changes[i] ?? 0);
      if (!account.tryReserve(asked))
        throw new Error(`the ledger refused ${asked} bytes that the recorded one granted`);
    });
    this.#counts.majors += reading.majors;
    this.#counts.afterMajor = reading.afterMajor ?? this.#counts.afterMajor;
    this.#counts.requests += reading.requests;
  }
}

export interface Replayed {
  samples: number;
  /** Each change of what the watch says, with the hour that it came in. */
  changes: { hour: number; state: string; series: string[] }[];
}

/** @param leakBytesPerHour what the heap grows by beside the recording: the same load on a server that leaks. */
export function replayLoad(
  readings: readonly Reading[],
  periodSeconds: number,
  hours: number,
  leakBytesPerHour = 0,
): Replayed {
  const clock = new FakeClock();
  const leaked = () => Math.round((leakBytesPerHour * clock.monotonicMs()) / 3_600_000);
  const server = new RecordedServer(readings);
  const gc = () => {
    const { majors, afterMajor, requests } = server.takeCounts();
    counted = requests;
    const heapUsedAfterMajorBytes = afterMajor === null ? null : afterMajor + leaked();
    return { minorCount: 0, majorCount: majors, pauseMs: 0, heapUsedAfterMajorBytes };
  };
  let counted = 0;
  const idle = { delayP99Ms: 1, utilizationRatio: 0.5 };
  const sampler = new Sampler({
    clock,
    nodeId: "recorded",
    bootId: "recorded",
    lastSequence: 0,
    probes: {
      process: () => processFigures(server.now, leaked()),
      helperRssBytes: () => server.now.figures.helpers,
      container: () => ({ limitBytes: null, currentBytes: null, pressureSome10: null, pressureFull10: null }),
      gc: { peek: gc, take: gc },
      eventLoop: { peek: () => idle, take: () => idle },
      requests: { peek: () => counted, take: () => counted },
      byComponent: () => server.ledger.byComponent(),
      runtimeBytes: () => server.ledger.runtimeBytes,
      configuredLimitBytes: () => server.ledger.limitBytes,
    },
  });
  const watch = new LeakWatch();
  const replayed: Replayed = { samples: 0, changes: [] };
  clock.every(periodSeconds * 1_000, () => {
    server.advance(clock.monotonicMs());
    replayed.samples += 1;
    if (!watch.push(sampler.take())) return;
    const { state, suspects } = watch.report();
    replayed.changes.push({ hour: clock.monotonicMs() / 3_600_000, state, series: suspects.map((s) => s.series) });
  });
  clock.advance(hours * 3_600_000);
  return replayed;
}

function processFigures({ figures, heapPeak }: Reading, leaked: number) {
  return {
    ...(heapPeak === null ? {} : { heapPeakBytes: heapPeak + leaked }),
    rssBytes: figures.rss + leaked,
    heapUsedBytes: figures.heapUsed + leaked,
    heapTotalBytes: figures.heapTotal + leaked,
    heapLimitBytes: figures.limit,
    externalBytes: figures.external,
    arrayBuffersBytes: figures.arrayBuffers,
  };
}

/** `npm run bench:leaks -- --replay [FILE]`: 12 h at each period; the process fails where one was confirmed. */
export function scoreReplay(file = RECORDING): void {
  if (!existsSync(file)) throw new RangeError(`there is no recording ${file}`);
  const readings = readRecording(readFileSync(file));
  const minutes = (readings.at(-1)?.ms ?? 0) / 60_000;
  console.log(`recorded: ${minutes.toFixed(1)} min, ${readings.length} readings`);
  for (const period of [1, 2, 30]) {
    const { samples, changes } = replayLoad(readings, period, 12);
    for (const c of changes) console.log(`  ${c.hour.toFixed(2)} h ${c.state} ${c.series.join("+")}`);
    const confirmed = changes.filter(({ state }) => state === "confirmed").length;
    console.log(
      `12 h at ${period} s: ${samples} samples, ${changes.length} changes of verdict, ${confirmed} confirmed`,
    );
    if (confirmed > 0) process.exitCode = 1;
  }
}
