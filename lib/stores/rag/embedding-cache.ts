import { hash as digest } from "node:crypto";
import type { Embedder, EmbeddingTurn } from "../../ports/embedder.ts";
import type { EmbeddingRows } from "../../ports/embedding-rows.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { BoundedEntries } from "../cache/bounded-entries.ts";
import { type RemovalCause, StoreCounters } from "../core/store-counters.ts";
import { decodeVector, encodeVectors } from "./vector-code.ts";

export interface EmbeddingCacheBounds {
  maxItems: number;
  maxBytes: number;
  /** Rows on disk; the least lately used go, a tenth at a time. */
  maxRows: number;
}

export interface Embedded {
  /** One code per text, as vector-code.ts writes it. */
  codes: Uint8Array[];
  /** How many of the texts were embedded now; the others were known. */
  embedded: number;
}

interface UnderWay {
  code: Promise<Uint8Array>;
  /** Of who asked first. */
  signal: AbortSignal | undefined;
}

/** What an entry costs beside its code and the index: the key, the array's header and its buffer's. */
const OVERHEAD_BYTES = 200;
const DAY_MS = 86_400_000;

/**
 * Vectors of texts: in memory, else in the database, else from the model, so that no text is embedded twice, whoever asks and
 * however many ask at once. Memory holds what was asked as a question: a load of documents must not push the questions out. After every call memory holds at most `maxItems` and `maxBytes`, and the database `maxRows`.
 */
export class EmbeddingCache {
  readonly #embedder: Embedder;
  readonly #rows: EmbeddingRows;
  readonly #clock: Clock;
  readonly #bounds: EmbeddingCacheBounds;
  /** The codes in memory. What it counts of look-ups is not told: the database answers many that it misses. */
  readonly entries: BoundedEntries<Uint8Array>;
  /** Texts that the model is working on for someone. */
  readonly #underWay = new Map<string, UnderWay>();
  #diskRows: number | null = null;
  /** A hit is a text that was not embedded, wherever its vector was. */
  readonly counters: StoreCounters;
  /** Calls to the model, those that failed, and how long they took, waiting included; an asker who went away is no failure. */
  readonly calls = { requests: 0, errors: 0, seconds: 0 };
  #diskEvictions = 0;

  constructor(
    embedder: Embedder,
    rows: EmbeddingRows,
    account: MemoryAccount,
    clock: Clock,
    bounds: EmbeddingCacheBounds,
  ) {
    this.#embedder = embedder;
    this.#rows = rows;
    this.#clock = clock;
    this.#bounds = bounds;
    this.counters = new StoreCounters(clock);
    const { maxItems, maxBytes } = bounds;
    const onRemoved = (_code: Uint8Array, cause: RemovalCause) => this.counters.removed(cause);
    this.entries = new BoundedEntries({ maxItems, maxBytes, policy: "lru", clock, account, onRemoved });
  }

  get diskEvictions(): number {
    return this.#diskEvictions;
  }

  get items(): number {
    return this.entries.items;
  }

  get bytes(): number {
    return this.entries.bytes;
  }

  get bounds(): EmbeddingCacheBounds {
    return this.#bounds;
  }

  /** Rows on disk; null before the first write. */
  get diskRows(): number | null {
    return this.#diskRows;
  }

  async embed(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Embedded> {
    const { id: model } = this.#embedder.state().model;
    const keys = texts.map((text) => keyOf(model, text));
    const texted = new Map(keys.map((key, at) => [key, texts[at] ?? ""]));
    const known = await this.#lookUp(model, [...texted.keys()], turn);
    const missing = [...texted].filter(([key]) => !known.has(key));
    const joined = new Map(missing.flatMap(([key]) => entryOf(key, this.#underWay.get(key))));
    const fresh = missing.filter(([key]) => !joined.has(key));
    const own = this.#embedFresh(model, fresh, turn, signal);
    for (const [key, code] of own) known.set(key, await code);
    for (const [key, { code, signal: theirs }] of joined) {
      try {
        known.set(key, await code);
      } catch (error) {
        if (!theirs?.aborted || signal?.aborted) throw error;
        // Who asked first went away: that is no failure of ours. What we embedded ourselves is known by now.
        const again = await this.embed(texts, turn, signal);
        return { codes: again.codes, embedded: again.embedded + fresh.length };
      }
    }
    for (let at = fresh.length; at < texts.length; at++) this.counters.hit();
    for (let at = 0; at < fresh.length; at++) this.counters.miss();
    return { codes: keys.map((key) => known.get(key) ?? new Uint8Array()), embedded: fresh.length };
  }

  async embedOne(text: string, turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array> {
    const { codes } = await this.embed([text], turn, signal);
    return decodeVector(codes[0] ?? new Uint8Array());
  }

  async #lookUp(model: string, keys: readonly string[], turn: EmbeddingTurn): Promise<Map<string, Uint8Array>> {
    const known = new Map<string, Uint8Array>();
    const asked: Uint8Array[] = [];
    for (const key of keys) {
      const code = this.entries.get(key);
      if (code === undefined) asked.push(hashOf(key));
      else known.set(key, code);
    }
    if (asked.length === 0) return known;
    const rows = await this.#rows.find(model, asked);
    for (const { hash, vector } of rows) {
      const key = Buffer.from(hash).toString("base64");
      known.set(key, vector);
      if (turn.lane === "query") this.#keep(key, vector);
    }
    const today = this.#today();
    const stale = rows.filter(({ usedOn }) => usedOn < today).map(({ hash }) => hash);
    if (stale.length > 0) await this.#rows.touch(model, stale, today);
    return known;
  }

  /** Promises for the texts' codes, which others may join until they are on disk. */
  #embedFresh(
    model: string,
    fresh: readonly (readonly [key: string, text: string])[],
    turn: EmbeddingTurn,
    signal?: AbortSignal,
  ): Map<string, Promise<Uint8Array>> {
    if (fresh.length === 0) return new Map();
    const all = this.#store(model, fresh, turn, signal);
    const promises = fresh.map(([key], at): [string, Promise<Uint8Array>] => [
      key,
      all.then((codes) => codes[at] ?? new Uint8Array()).finally(() => this.#underWay.delete(key)),
    ]);
    for (const [key, promise] of promises) {
      // Who asked first hears of a failure; a promise that nobody joined must not end the process.
      promise.catch(() => undefined);
      this.#underWay.set(key, { code: promise, signal });
    }
    return new Map(promises);
  }

  async #store(
    model: string,
    fresh: readonly (readonly [key: string, text: string])[],
    turn: EmbeddingTurn,
    signal?: AbortSignal,
  ): Promise<Uint8Array[]> {
    const vectors = await this.#ask(
      fresh.map(([, text]) => text),
      turn,
      signal,
    );
    const codes = encodeVectors(vectors);
    const rows = fresh.map(([key], at) => ({ hash: hashOf(key), vector: codes[at] ?? new Uint8Array() }));
    await this.#rows.save(model, rows, this.#today());
    await this.#holdDiskBound(rows.length);
    if (turn.lane === "query")
      for (const [at, [key]] of fresh.entries()) this.#keep(key, codes[at] ?? new Uint8Array());
    return codes;
  }

  async #ask(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]> {
    const startedAtMs = this.#clock.monotonicMs();
    this.calls.requests++;
    try {
      return await this.#embedder.embed(texts, turn, signal);
    } catch (error) {
      if (!signal?.aborted) this.calls.errors++;
      throw error;
    } finally {
      this.calls.seconds += (this.#clock.monotonicMs() - startedAtMs) / 1000;
    }
  }

  #today(): number {
    return Math.floor(this.#clock.nowMs() / DAY_MS);
  }

  async #holdDiskBound(added: number): Promise<void> {
    this.#diskRows = this.#diskRows === null ? await this.#rows.count() : this.#diskRows + added;
    if (this.#diskRows <= this.#bounds.maxRows) return;
    const surplus = this.#diskRows - Math.floor(this.#bounds.maxRows * 0.9);
    const removed = await this.#rows.removeOldest(surplus);
    this.#diskRows -= removed;
    this.#diskEvictions += removed;
  }

  #keep(key: string, code: Uint8Array): void {
    // A view would keep the vectors of its whole batch.
    const own = code.byteLength === code.buffer.byteLength ? code : code.slice();
    this.entries.set(key, own, own.length + OVERHEAD_BYTES, Number.POSITIVE_INFINITY);
  }
}

/** In one call: a hash object is memory of its own, outside the heap, until a collection finds it. */
function keyOf(model: string, text: string): string {
  return digest("sha256", `${model}\0${text}`, "base64");
}

function hashOf(key: string): Buffer {
  return Buffer.from(key, "base64");
}

function entryOf(key: string, underWay: UnderWay | undefined): [string, UnderWay][] {
  return underWay === undefined ? [] : [[key, underWay]];
}
