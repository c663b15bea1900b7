import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { getHeapSnapshot } from "node:v8";
import type { ProfileView } from "../../contracts/leaks.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { HeapProfile } from "./allocation-sampler.ts";
import { topSites } from "./top-sites.ts";

const KEEP_MS = 24 * 3_600_000;
const SWEEP_MS = 60_000;
const PROGRESS_STEPS = 20;
const DEFAULT_SECONDS = 10;
/** What a snapshot takes while it is made, in heaps: measured on heaps of small objects. */
export const SNAPSHOT_HEAPS = 8;

export interface ShelfOptions {
  dir: string;
  clock: Clock;
  maxProfiles: number;
  maxBytes: number;
  record: (ended: Promise<void>) => Promise<HeapProfile>;
  snapshotStream?: () => Readable;
  heapUsedBytes: () => number;
  freeBytes: () => number;
  snapshotsEnabled: boolean;
}

/**
 * Profiles on disk. After every change at most `maxProfiles` are kept and at most `maxBytes` of finished ones, each for a day;
 * files are readable by the server's user alone. A restart forgets and deletes them all: a snapshot holds secrets.
 */
export class ProfileShelf {
  readonly #options: ShelfOptions;
  readonly #profiles = new Map<string, ProfileView>();
  #stopSweeping: () => void = () => undefined;
  #opened: Promise<void> = Promise.resolve();

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /** Empties the folder and begins to sweep; a profile that is asked for meanwhile waits for it. */
  open(): Promise<void> {
    this.#opened = this.#empty();
    this.#stopSweeping = this.#options.clock.every(SWEEP_MS, () => void this.#trim());
    return this.#opened;
  }

  async #empty(): Promise<void> {
    await rm(this.#options.dir, { recursive: true, force: true });
    await mkdir(this.#options.dir, { recursive: true, mode: 0o700 });
  }

  close(): void {
    this.#stopSweeping();
  }

  list(): ProfileView[] {
    return [...this.#profiles.values()].reverse();
  }

  find(id: string): ProfileView | null {
    return this.#profiles.get(id) ?? null;
  }

  fileOf(profile: ProfileView): string {
    const extension = profile.kind === "heap-snapshot" ? "heapsnapshot" : "heapprofile";
    return path.join(this.#options.dir, `${profile.id}.${extension}`);
  }

  /** What a snapshot would take, and whether that fits: shown before anyone asks for one. */
  snapshotEstimate() {
    const estimateBytes = this.#options.heapUsedBytes() * SNAPSHOT_HEAPS;
    const freeBytes = Math.max(0, this.#options.freeBytes());
    const enabled = this.#options.snapshotsEnabled;
    return { enabled, estimateBytes, freeBytes, allowed: enabled && estimateBytes <= freeBytes };
  }

  /**
   * Begins a profile; `done` resolves when it has ended, however.
   * @throws {AppError} feature-disabled, insufficient-memory with the estimate, or conflict while another one runs.
   */
  begin(kind: ProfileView["kind"], seconds = DEFAULT_SECONDS): { profile: ProfileView; done: Promise<void> } {
    if (kind === "heap-snapshot") this.#admitSnapshot();
    if ([...this.#profiles.values()].some((p) => p.state === "running")) {
      throw new AppError("conflict", "Another profile is running. Wait until it has finished.");
    }
    const startedMs = this.#options.clock.nowMs();
    const profile: ProfileView = {
      id: randomUUID(),
      kind,
      state: "running",
      progressRatio: 0,
      seconds: kind === "heap-snapshot" ? null : seconds,
      sizeBytes: null,
      startedAt: new Date(startedMs).toISOString(),
      expiresAt: new Date(startedMs + KEEP_MS).toISOString(),
      error: null,
      topSites: [],
    };
    this.#profiles.set(profile.id, profile);
    return { profile, done: this.#run(profile, seconds) };
  }

  #admitSnapshot(): void {
    const { enabled, estimateBytes, freeBytes, allowed } = this.snapshotEstimate();
    if (!enabled)
      throw new AppError("feature-disabled", "Heap snapshots are disabled. Set HEADROOM_SNAPSHOTS=on to enable them.");
    if (allowed) return;
    const detail = `A heap snapshot needs about ${estimateBytes} bytes (heap × ${SNAPSHOT_HEAPS}); ${freeBytes} bytes of the memory limit are free.`;
    throw new AppError("insufficient-memory", detail, {
      errors: [{ path: "/kind", message: `estimateBytes ${estimateBytes}, freeBytes ${freeBytes}` }],
    });
  }

  async #run(profile: ProfileView, seconds: number): Promise<void> {
    try {
      await this.#opened;
      if (profile.kind === "heap-snapshot") await this.#snapshot(profile);
      else await this.#sampling(profile, seconds);
      profile.sizeBytes = (await stat(this.fileOf(profile))).size;
      profile.progressRatio = 1;
      profile.state = "completed";
    } catch (error) {
      profile.state = "failed";
      profile.error = error instanceof Error ? error.message : String(error);
      await rm(this.fileOf(profile), { force: true });
    }
    await this.#trim();
  }

  async #sampling(profile: ProfileView, seconds: number): Promise<void> {
    const { clock } = this.#options;
    let stop: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      stop = clock.every((seconds * 1000) / PROGRESS_STEPS, () => {
        profile.progressRatio = Math.min(1, profile.progressRatio + 1 / PROGRESS_STEPS);
        if (profile.progressRatio > 1 - 0.5 / PROGRESS_STEPS) resolve();
      });
    });
    try {
      const recorded = await this.#options.record(ended);
      profile.topSites = topSites(recorded.head);
      await writeFile(this.fileOf(profile), JSON.stringify(recorded), { mode: 0o600 });
    } finally {
      stop();
    }
  }

  async #snapshot(profile: ProfileView): Promise<void> {
    const snapshot = (this.#options.snapshotStream ?? getHeapSnapshot)();
    await pipeline(snapshot, createWriteStream(this.fileOf(profile), { mode: 0o600, flags: "wx" }));
  }

  /** Removes what is too old, then the oldest finished ones until both bounds hold. */
  async #trim(): Promise<void> {
    const now = this.#options.clock.nowMs();
    const finished = () => [...this.#profiles.values()].filter((p) => p.state !== "running");
    const gone = finished().filter((p) => Date.parse(p.expiresAt) <= now);
    for (const profile of gone) this.#profiles.delete(profile.id);
    const bytes = () => finished().reduce((sum, p) => sum + (p.sizeBytes ?? 0), 0);
    for (const oldest of finished()) {
      if (this.#profiles.size <= this.#options.maxProfiles && bytes() <= this.#options.maxBytes) break;
      this.#profiles.delete(oldest.id);
      gone.push(oldest);
    }
    for (const profile of gone) await rm(this.fileOf(profile), { force: true });
  }
}
