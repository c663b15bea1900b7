import { appendFile, open, rm, stat, truncate } from "node:fs/promises";
import { Readable } from "node:stream";
import { MIB } from "../shared/bytes.ts";
import { AppError } from "../shared/errors.ts";

/** What a log may take on disk: about 60,000 rejects, or 200,000 ids. What comes after is counted, not kept. */
export const MAX_LOG_BYTES = 16 * MIB;

/** What is told of single records of one job, as NDJSON in a file of its own. */
export class LineLog {
  readonly #file: string;
  readonly #maxBytes: number;
  #bytes: number;
  #full = false;

  /** @param bytes how much of the file counts: what was written beyond it is neither read nor kept. */
  constructor(file: string, bytes = 0, maxBytes = MAX_LOG_BYTES) {
    this.#file = file;
    this.#bytes = bytes;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing more is taken: what would be added need not be made. */
  get full(): boolean {
    return this.#full;
  }

  /** Cuts the file to what counts. One that newer logs have taken the room of stays away: a part of it must not pass for the whole. */
  async rewind(bytes: number): Promise<void> {
    this.#bytes = bytes;
    const { size } = await stat(this.#file).catch(() => ({ size: 0 }));
    this.#full = size < bytes;
    if (bytes === 0 || this.#full) await rm(this.#file, { force: true });
    else await truncate(this.#file, bytes);
  }

  /** @throws {AppError} `storage-full`. */
  async append(entries: readonly object[]): Promise<void> {
    let text = "";
    let bytes = this.#bytes;
    for (const entry of this.#full ? [] : entries) {
      const line = `${JSON.stringify(entry)}\n`;
      bytes += Buffer.byteLength(line);
      this.#full = bytes > this.#maxBytes;
      if (this.#full) break;
      text += line;
    }
    if (text === "") return;
    try {
      await appendFile(this.#file, text, { mode: 0o600 });
    } catch (error) {
      if (isFull(error))
        throw new AppError("storage-full", "The disk has no room for the job's record logs.", { cause: error });
      throw error;
    }
    this.#bytes += Buffer.byteLength(text);
  }

  /** Everything that was kept, as bytes of NDJSON. @throws {AppError} `not-found` when newer logs took its room. */
  async read(): Promise<Readable> {
    if (this.#bytes === 0) return Readable.from([]);
    // Opened here: a stream that opens by itself fails before anybody listens.
    const file = await open(this.#file).catch(() => null);
    if (file === null)
      throw new AppError("not-found", "The record logs of this stream were deleted to make room for newer streams.");
    const stream = file.createReadStream({ start: 0, end: this.#bytes - 1 });
    stream.on("error", () => undefined);
    return stream;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
