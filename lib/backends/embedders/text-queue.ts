import type { EmbeddingLane } from "../../ports/embedder.ts";
import { AppError } from "../../shared/errors.ts";

/** Texts of one call that are sent together, and where their vectors go. */
export interface TextBatch {
  readonly texts: readonly string[];
  readonly lane: EmbeddingLane;
  /** How often it was sent to a model that then died. */
  attempts: number;
  settle(outcome: { vectors: Float32Array[] } | { error: unknown }): void;
}

export interface QueueBounds {
  maxTexts: number;
  maxBytes: number;
  textsPerBatch: number;
}

/**
 * What waits for a model, in three lanes: questions go before documents, and both before what nobody waits for. After every call
 * `texts <= maxTexts` and `bytes <= maxBytes`; a call that would pass them is refused whole.
 */
export class TextQueue {
  readonly bounds: QueueBounds;
  readonly #lanes: Record<EmbeddingLane, TextBatch[]> = { query: [], ingest: [], background: [] };
  #texts = 0;
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.bounds = bounds;
  }

  get texts(): number {
    return this.#texts;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws {AppError} `overloaded` when the texts do not fit any more. */
  add(texts: readonly string[], lane: EmbeddingLane, signal?: AbortSignal): Promise<Float32Array[]> {
    const bytes = sizeOf(texts);
    if (this.#texts + texts.length > this.bounds.maxTexts || this.#bytes + bytes > this.bounds.maxBytes)
      throw new AppError("overloaded", "Too many texts wait for the embedding model.", {
        headers: { "Retry-After": "2" },
      });
    const parts: Promise<Float32Array[]>[] = [];
    for (let from = 0; from < texts.length; from += this.bounds.textsPerBatch)
      parts.push(this.#push(texts.slice(from, from + this.bounds.textsPerBatch), lane, signal));
    return Promise.all(parts).then((vectors) => vectors.flat());
  }

  /** The next batch; it counts no longer, its owner holds it. */
  take(): TextBatch | undefined {
    const batch = this.#lanes.query.shift() ?? this.#lanes.ingest.shift() ?? this.#lanes.background.shift();
    if (batch !== undefined) this.#count(batch.texts, -1);
    return batch;
  }

  /** Puts a batch back in front, after the model died on it. */
  putBack(batch: TextBatch): void {
    this.#lanes[batch.lane].unshift(batch);
    this.#count(batch.texts, 1);
  }

  failAll(error: unknown): void {
    for (let batch = this.take(); batch !== undefined; batch = this.take()) batch.settle({ error });
  }

  #push(texts: readonly string[], lane: EmbeddingLane, signal?: AbortSignal): Promise<Float32Array[]> {
    return new Promise((resolve, reject) => {
      const batch: TextBatch = {
        texts,
        lane,
        attempts: 0,
        settle: (outcome) => {
          signal?.removeEventListener("abort", drop);
          if ("vectors" in outcome) resolve(outcome.vectors);
          else reject(outcome.error);
        },
      };
      const drop = () => {
        const place = this.#lanes[lane].indexOf(batch);
        if (place < 0) return;
        this.#lanes[lane].splice(place, 1);
        this.#count(texts, -1);
        batch.settle({ error: signal?.reason });
      };
      signal?.addEventListener("abort", drop, { once: true });
      this.#lanes[lane].push(batch);
      this.#count(texts, 1);
    });
  }

  #count(texts: readonly string[], sign: 1 | -1): void {
    this.#texts += sign * texts.length;
    this.#bytes += sign * sizeOf(texts);
  }
}

/** Upper bound of what the strings take: two bytes a code unit. */
function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length * 2, 0);
}
