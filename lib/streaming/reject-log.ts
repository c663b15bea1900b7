import { createReadStream } from "node:fs";
import { appendFile, rm, stat, truncate } from "node:fs/promises";
import { Readable } from "node:stream";
import { MIB } from "../shared/bytes.ts";
import { AppError } from "../shared/errors.ts";
import type { Reject } from "./parsers/parser.ts";

/** What a job's rejects may take on disk: about 60,000 of them. Beyond it they are counted, not described. */
export const MAX_REJECT_BYTES = 16 * MIB;

/** The rejects of one job, as NDJSON in a file of its own. */
export class RejectLog {
  readonly #file: string;
  readonly #maxBytes: number;
  #bytes: number;

  /** @param bytes how much of the file counts: what a later process wrote beyond a checkpoint is cut off. */
  constructor(file: string, bytes = 0, maxBytes = MAX_REJECT_BYTES) {
    this.#file = file;
    this.#bytes = bytes;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Cuts the file to what counts. */
  async rewind(bytes: number): Promise<void> {
    this.#bytes = bytes;
    if (bytes === 0) await rm(this.#file, { force: true });
    else await truncate(this.#file, bytes).catch(ignoreMissing);
  }

  /** @throws {AppError} `storage-full`. */
  async append(rejects: readonly Reject[]): Promise<void> {
    let text = "";
    let bytes = this.#bytes;
    for (const reject of rejects) {
      const line = `${JSON.stringify(reject)}\n`;
      bytes += Buffer.byteLength(line);
      if (bytes > this.#maxBytes) break;
      text += line;
    }
    if (text === "") return;
    try {
      await appendFile(this.#file, text, { mode: 0o600 });
    } catch (error) {
      if (isFull(error))
        throw new AppError("storage-full", "There is no room for the job's rejects.", { cause: error });
      throw error;
    }
    this.#bytes += Buffer.byteLength(text);
  }

  /** Everything that was kept, as bytes of NDJSON. */
  async read(): Promise<Readable> {
    const size = await stat(this.#file).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0 || this.#bytes === 0) return Readable.from([]);
    return createReadStream(this.#file, { start: 0, end: Math.min(size, this.#bytes) - 1 });
  }

  async remove(): Promise<void> {
    this.#bytes = 0;
    await rm(this.#file, { force: true });
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
