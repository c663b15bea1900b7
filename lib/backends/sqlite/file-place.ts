import { statfsSync, statSync } from "node:fs";
import path from "node:path";
import { formatBytes } from "../../shared/bytes.ts";
import type { Failure } from "./messages.ts";

/** What was committed since the last checkpoint is in the log: without it, that is lost as well. */
const WATCHED = [
  { suffix: "", name: "file" },
  { suffix: "-wal", name: "log" },
] as const;
/** Less than this and SQLite cannot begin: it writes a page of each of its files at least. */
const FULL_BELOW_BYTES = 1024 * 1024;

/** The database was moved, deleted or replaced: what is written goes to a file that the next start will not find. */
export class MisplacedError extends Error {
  override readonly name = "MisplacedError";
}

/** Which files stood in the database's places when they were first seen. */
export class FilePlace {
  readonly #file: string;
  readonly #seen = new Map<string, string>();
  /** SQLite empties its log, but never the file. */
  #filled = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Some microseconds: to be asked before each commit. @throws {MisplacedError} */
  require(): void {
    for (const { suffix, name } of WATCHED) {
      const entry = statSync(this.#file + suffix, { bigint: true, throwIfNoEntry: false });
      const found = entry ? `${entry.dev}:${entry.ino}` : null;
      const known = this.#seen.get(suffix);
      if (known === undefined && found !== null) this.#seen.set(suffix, found);
      if (known !== undefined && known !== found)
        throw new MisplacedError(`The database's ${name} was ${found === null ? "moved or deleted" : "replaced"}.`);
      if (suffix !== "" || !entry) continue;
      if (this.#filled && entry.size === 0n) throw new MisplacedError("The database's file was emptied.");
      this.#filled ||= entry.size > 0n;
    }
  }
}

/** The same failure, or that the disk is full where that is why: SQLite tells it as a file that cannot be written. */
export function orFullDisk(failure: Failure, file: string, readFreeBytes = freeBytesOf): Failure {
  if (failure.code !== "storage-full" && failure.code !== "storage-unavailable") return failure;
  const folder = path.dirname(file);
  const disk = readFreeBytes(folder);
  if (disk === null || disk.freeBytes >= FULL_BELOW_BYTES) return failure;
  const { freeBytes, sizeBytes } = disk;
  const message = `the disk of ${folder} is full: ${formatBytes(freeBytes)} of ${formatBytes(sizeBytes)} are free`;
  return { code: "storage-full", message };
}

function freeBytesOf(folder: string): { freeBytes: number; sizeBytes: number } | null {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  } catch {
    return null;
  }
}
