import type { EmbeddingLane, EmbeddingTurn } from "../../ports/embedder.ts";
import { AppError } from "../../shared/errors.ts";
import { mayTake } from "../../shared/fair-shares.ts";

/** Texts of one call that are sent together, and where their vectors go. */
export interface TextBatch {
  readonly texts: readonly string[];
  readonly turn: EmbeddingTurn;
  /** How often it was sent to a model that then died. */
  attempts: number;
  settle(outcome: { vectors: Float32Array[] } | { error: unknown }): void;
}

export interface QueueBounds {
  maxTexts: number;
  maxBytes: number;
  textsPerBatch: number;
}

/** The namespaces that wait in one lane, whoever is next first. None without a batch. */
type Lane = Map<string, TextBatch[]>;

interface Amount {
  texts: number;
  bytes: number;
}

const NOTHING: Readonly<Amount> = { texts: 0, bytes: 0 };

/**
 * What waits for a model, in three lanes: questions go before documents, and both before what nobody waits for. In each the
 * namespaces take turns, a batch each. After every call `texts <= maxTexts` and `bytes <= maxBytes`, and each namespace
 * leaves the others room; a call that would pass that is refused whole.
 */
export class TextQueue {
  readonly bounds: QueueBounds;
  readonly #lanes: Record<EmbeddingLane, Lane> = { query: new Map(), ingest: new Map(), background: new Map() };
  /** What each namespace that waits holds, over all lanes. */
  readonly #held = new Map<string, Amount>();
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

  /** @throws {AppError} `overloaded` when the texts do not fit any more, or their namespace has its share. */
  add(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]> {
    const held = this.#held.get(turn.namespace) ?? NOTHING;
    const { maxTexts, maxBytes, textsPerBatch } = this.bounds;
    if (
      !mayTake(texts.length, held.texts, maxTexts - this.#texts) ||
      !mayTake(sizeOf(texts), held.bytes, maxBytes - this.#bytes)
    )
      throw new AppError("overloaded", "Too many texts are waiting for the embedding model. Retry later.", {
        retryAfterSeconds: 2,
      });
    const parts: Promise<Float32Array[]>[] = [];
    for (let from = 0; from < texts.length; from += textsPerBatch)
      parts.push(this.#push(texts.slice(from, from + textsPerBatch), turn, signal));
    return Promise.all(parts).then((vectors) => vectors.flat());
  }

  /** The next batch; it counts no longer, its owner holds it. */
  take(): TextBatch | undefined {
    const batch = takeTurn(this.#lanes.query) ?? takeTurn(this.#lanes.ingest) ?? takeTurn(this.#lanes.background);
    if (batch !== undefined) this.#count(batch, -1);
    return batch;
  }

  /** Puts a batch back in front, after the model died on it. */
  putBack(batch: TextBatch): void {
    const { lane, namespace } = batch.turn;
    const own = this.#lanes[lane].get(namespace) ?? [];
    // Set again under the same key, a map's entry keeps its first place.
    this.#lanes[lane] = new Map([[namespace, [batch]], ...this.#lanes[lane]]).set(namespace, [batch, ...own]);
    this.#count(batch, 1);
  }

  failAll(error: unknown): void {
    for (let batch = this.take(); batch !== undefined; batch = this.take()) batch.settle({ error });
  }

  #push(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]> {
    return new Promise((resolve, reject) => {
      const batch: TextBatch = {
        texts,
        turn,
        attempts: 0,
        settle: (outcome) => {
          signal?.removeEventListener("abort", drop);
          if ("vectors" in outcome) resolve(outcome.vectors);
          else reject(outcome.error);
        },
      };
      const drop = () => {
        if (!remove(this.#lanes[turn.lane], batch)) return;
        this.#count(batch, -1);
        batch.settle({ error: signal?.reason });
      };
      signal?.addEventListener("abort", drop, { once: true });
      const lane = this.#lanes[turn.lane];
      const waiting = lane.get(turn.namespace);
      if (waiting === undefined) lane.set(turn.namespace, [batch]);
      else waiting.push(batch);
      this.#count(batch, 1);
    });
  }

  #count({ texts, turn: { namespace } }: TextBatch, sign: 1 | -1): void {
    const bytes = sign * sizeOf(texts);
    const held = this.#held.get(namespace) ?? { texts: 0, bytes: 0 };
    held.texts += sign * texts.length;
    held.bytes += bytes;
    if (held.texts === 0) this.#held.delete(namespace);
    else this.#held.set(namespace, held);
    this.#texts += sign * texts.length;
    this.#bytes += bytes;
  }
}

/** The first batch of the namespace whose turn it is, which then goes behind the others. */
function takeTurn(lane: Lane): TextBatch | undefined {
  for (const [namespace, waiting] of lane) {
    const batch = waiting.shift();
    lane.delete(namespace);
    if (waiting.length > 0) lane.set(namespace, waiting);
    return batch;
  }
  return undefined;
}

function remove(lane: Lane, batch: TextBatch): boolean {
  const { namespace } = batch.turn;
  const waiting = lane.get(namespace);
  const place = waiting?.indexOf(batch) ?? -1;
  if (waiting === undefined || place < 0) return false;
  waiting.splice(place, 1);
  if (waiting.length === 0) lane.delete(namespace);
  return true;
}

/** Upper bound of what the strings take: two bytes a code unit. */
function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length * 2, 0);
}
