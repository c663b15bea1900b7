import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { MIB } from "../shared/bytes.ts";

/** What the logs of all jobs may take on disk together. */
export const MAX_FOLDER_BYTES = 1_024 * MIB;

/** The folder of the jobs' logs, held within a bound: over it the logs go that were not written to for longest. */
export class LogFolder {
  readonly directory: string;
  readonly #maxBytes: number;
  /** What was found at the last look, and what was added since: it looks again only when that is over the bound. */
  #bytes = 0;
  #looking: Promise<void> | null = null;

  constructor(directory: string, maxBytes = MAX_FOLDER_BYTES) {
    this.directory = directory;
    this.#maxBytes = maxBytes;
  }

  /** Removes the logs that belong to no job, and what is over the bound. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const name of await readdir(this.directory)) if (!names.has(name)) await this.remove([name]);
    await this.#hold(() => false);
  }

  /** A job has ended, and its logs hold `bytes`. Those in use stay, whatever they hold: each is asked for just before it would go. */
  async add(bytes: number, isInUse: (name: string) => boolean): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes <= this.#maxBytes) return;
    this.#looking ??= this.#hold(isInUse).finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async remove(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(path.join(this.directory, name), { force: true });
  }

  async #hold(isInUse: (name: string) => boolean): Promise<void> {
    const found = await Promise.all((await readdir(this.directory)).map((name) => this.#sizeOf(name)));
    this.#bytes = found.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of found.toSorted((a, b) => a.writtenAtMs - b.writtenAtMs)) {
      if (this.#bytes <= this.#maxBytes) return;
      if (isInUse(name)) continue;
      await this.remove([name]);
      this.#bytes -= bytes;
    }
  }

  /** A log may be removed with its job meanwhile. */
  async #sizeOf(name: string): Promise<{ name: string; bytes: number; writtenAtMs: number }> {
    const { size, mtimeMs } = await stat(path.join(this.directory, name)).catch(() => ({ size: 0, mtimeMs: 0 }));
    return { name, bytes: size, writtenAtMs: mtimeMs };
  }
}
