import type { MemoryAccount } from "../../../ports/memory-account.ts";
import type {
  CollectionInfo,
  ListedPoint,
  Point,
  PointInput,
  RecallReport,
  SearchRequest,
  SearchResult,
  ShapeRequest,
  VectorIndex,
} from "../../../ports/vector-index.ts";
import type { CollectionRecord, StoredError, VectorRows } from "../../../ports/vector-rows.ts";
import type { Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";
import { mayTake } from "../../../shared/fair-shares.ts";
import type { Filter } from "../../../shared/filter.ts";
import { StoreCounters } from "../../core/store-counters.ts";
import type { Kernel } from "../codec/kernel.ts";
import { Query } from "../codec/query.ts";
import { RowBatch } from "../codec/row-codec.ts";
import { refusedBy, siftPoints } from "../tiers/sift-points.ts";
import { VectorMemory } from "../tiers/vector-memory.ts";
import { Collection, keyOf } from "./collection.ts";
import { confirmed, infoOf } from "./collection-info.ts";
import { CollectionSearch } from "./collection-search.ts";
import { encodePoints } from "./encode-points.ts";
import { FilterMatches, type RowSet } from "./filter-matches.ts";
import { metadataText, parseMetadata, withinLimit } from "./point-metadata.ts";
import { measureRecall } from "./recall.ts";
import { pageOf, readVectors } from "./stored-pages.ts";
import { Turns } from "./turns.ts";
import { unprocessable, vectorProblem } from "./vector-check.ts";

const NOTHING = { count: 0, measured: 0, errorSum: 0, errorMax: 0 };
/** Each takes a few hundred bytes of memory, full or empty. */
const MAX_COLLECTIONS = 10_000;
const FULL = "Other namespaces use all collections that this server allows. Ask its operator to delete some.";

export interface VectorStoreOptions {
  rows: VectorRows;
  account: MemoryAccount;
  clock: Clock;
  kernel: Kernel;
  /** Vectors at full precision in memory, over all collections. */
  maxHot: number;
  /** 10,000 unless said, of which no namespace may take all. */
  maxCollections?: number;
}

/**
 * The vector store: complete and durable in VectorRows, fast in VectorMemory. Every write goes to disk first and to memory when it is committed,
 * so that a crash between the two loses a copy, not a point.
 */
export class VectorStore implements VectorIndex {
  readonly memory: VectorMemory;
  readonly #rows: VectorRows;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #searching: CollectionSearch;
  readonly #collections = new Map<string, Collection>();
  /** Creations go one after another: two of one name must not both find nothing. */
  #creating: Promise<unknown> = Promise.resolve();
  readonly counters: StoreCounters;
  readonly #maxCollections: number;

  private constructor(options: VectorStoreOptions) {
    this.counters = new StoreCounters(options.clock);
    const onLeave = (to: "code" | "disk") => this.counters.removed(to === "code" ? "spilled" : "evicted");
    this.memory = new VectorMemory({ ...options, onLeave });
    this.#rows = options.rows;
    this.#clock = options.clock;
    this.#maxCollections = options.maxCollections ?? MAX_COLLECTIONS;
    this.#turns = new Turns(options.clock);
    const { rows, clock } = options;
    const parts = { rows, clock, memory: this.memory, turns: this.#turns, counters: this.counters };
    this.#searching = new CollectionSearch({ ...parts, matches: new FilterMatches(rows) });
  }

  /** Opens what is on disk: the names and counts of the collections, none of their vectors. */
  static async open(options: VectorStoreOptions): Promise<VectorStore> {
    const store = new VectorStore(options);
    for (const { count, measured, errorSum, errorMax, ...record } of await options.rows.collections()) {
      store.#add(record, { count, measured, errorSum, errorMax });
    }
    return store;
  }

  /** Points of all collections. */
  get points(): number {
    let points = 0;
    for (const { count } of this.#collections.values()) points += count;
    return points;
  }

  create(
    namespace: string,
    name: string,
    shape: ShapeRequest,
  ): Promise<{ created: boolean; collection: CollectionInfo }> {
    const creation = this.#creating.then(() => this.#create(namespace, name, shape));
    this.#creating = creation.catch(() => undefined);
    return creation;
  }

  async #create(namespace: string, name: string, { dimensions, metric, precision }: ShapeRequest) {
    const known = this.#collections.get(keyOf(namespace, name));
    if (known) return { created: false, collection: infoOf(confirmed(known, { dimensions, metric, precision })) };
    this.#requirePlace(namespace);
    const createdAtMs = this.#clock.nowMs();
    const shape = { dimensions, metric, precision: precision ?? "int16" };
    const fields = { namespace, name, ...shape, createdAtMs, formerPrecision: null };
    // It may stand on disk in another shape: written by an earlier call that could not read it back.
    const made = this.#add(await this.#rows.createCollection(fields), NOTHING);
    return { created: true, collection: infoOf(confirmed(made, fields)) };
  }

  #requirePlace(namespace: string): void {
    const own = this.#of(namespace).length;
    if (mayTake(1, own, this.#maxCollections - this.#collections.size)) return;
    throw new AppError(
      "conflict",
      own > 0 ? `This namespace has used its share of ${own} collections; delete one first.` : FULL,
    );
  }

  #of(namespace: string): Collection[] {
    return [...this.#collections.values()].filter(({ record }) => record.namespace === namespace);
  }

  async collections(namespace: string): Promise<CollectionInfo[]> {
    const own = this.#of(namespace);
    return own.map(infoOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async collection(namespace: string, name: string): Promise<CollectionInfo> {
    return infoOf(this.#find(namespace, name));
  }

  async drop(namespace: string, name: string): Promise<void> {
    const collection = this.#find(namespace, name);
    await this.#rows.dropCollection(collection.record.id);
    collection.dropped = true;
    if (this.#collections.get(keyOf(namespace, name)) === collection) this.#collections.delete(keyOf(namespace, name));
    this.memory.close(collection.memory, namespace);
  }

  async upsert(namespace: string, name: string, points: readonly PointInput[]) {
    const collection = this.#find(namespace, name);
    const { accepted, refused } = siftPoints(collection.record, points);
    for (const _ of refused) this.counters.reject();
    if (accepted.length === 0) return { upserted: 0, refused };
    this.memory.used(collection.memory);
    const batch = new RowBatch(collection.format, accepted.length);
    const error = await encodePoints(batch, accepted, this.#turns);
    const ids = accepted.map(({ point }) => point.id);
    const metadata = accepted.map((entry) => entry.metadata);
    const { rows, inserted, refusal } = await this.#rows.upsert(collection.record.id, {
      namespace,
      ids,
      metadata,
      bytes: batch.views.buffer,
      error,
      sent:
        collection.record.precision === "float32" ? null : (at) => new Float32Array(accepted[at]?.point.vector ?? []),
    });
    const over = refusal ? refusedBy(refusal, accepted, rows) : [];
    collection.measure(error);
    // No pause here: commits must reach memory in the order in which they were made.
    collection.count += inserted;
    this.counters.removed("replaced", rows.length - over.length - inserted);
    for (const [index, row] of rows.entries()) {
      if (row < 0) continue;
      collection.wrote(row);
      if (collection.dropped) continue;
      const payload = { id: ids[index] ?? "", metadata: metadata[index] ?? null };
      this.#searching.admit(collection, row, batch, index, payload);
    }
    return { upserted: accepted.length - over.length, refused: [...refused, ...over] };
  }

  async changeMetadata(
    namespace: string,
    name: string,
    id: string,
    change: Parameters<VectorIndex["changeMetadata"]>[3],
  ) {
    const collection = this.#find(namespace, name);
    const found = await this.#rows.changeMetadata(
      collection.record.id,
      id,
      (text) => withinLimit(metadataText(change(parseMetadata(text)))),
      namespace,
    );
    const row = found?.rows[0];
    if (found === null || row === undefined) throw new AppError("not-found", "No point has this id.");
    // No pause here either.
    collection.wrote(row);
    const batch = new RowBatch(collection.format, 1, found.bytes);
    const metadata = found.metadata[0] ?? null;
    if (!collection.dropped) this.#searching.admit(collection, row, batch, 0, { id, metadata });
    return { id, metadata: parseMetadata(metadata), vector: batch.original(0) };
  }

  async search(namespace: string, name: string, request: SearchRequest): Promise<SearchResult> {
    const startedAtMs = this.#clock.monotonicMs();
    const collection = this.#find(namespace, name);
    const problem = vectorProblem(collection.record, request.vector);
    if (problem) throw unprocessable(problem);
    const query = new Query(collection.format, request.vector);
    const { tier, found } = await this.#searching.search(collection, query, request);
    const vectors = request.includeVectors
      ? await readVectors(
          this.#rows,
          collection.record.id,
          collection.format,
          found.map(({ row }) => row),
        )
      : null;
    const matches = found.map((entry) => ({
      id: entry.id,
      score: query.scoreOf(entry.rank),
      metadata: parseMetadata(entry.metadata),
      ...(vectors ? { vector: vectors.get(entry.row) ?? [] } : {}),
    }));
    const measuredRecall = request.exact ? null : collection.measuredRecall;
    const tookMs = this.#clock.monotonicMs() - startedAtMs;
    // Every code is scanned, and what has none is read from disk.
    return { matches, tier, measuredRecall, scannedRatio: 1, tookMs };
  }

  async get(namespace: string, name: string, ids: readonly string[]): Promise<Point[]> {
    const collection = this.#find(namespace, name);
    const found = await this.#rows.find(collection.record.id, ids);
    const batch = new RowBatch(collection.format, found.rows.length, found.bytes);
    return found.rows.map((row, index) => {
      const slot = collection.memory.slotOf(row);
      if (slot >= 0) collection.memory.touch(slot);
      const metadata = parseMetadata(found.metadata[index] ?? null);
      return { id: found.ids[index] ?? "", metadata, vector: batch.original(index) };
    });
  }

  async remove(namespace: string, name: string, ids: readonly string[], filter?: Filter | null): Promise<number> {
    const collection = this.#find(namespace, name);
    const rows = await this.#rows.remove(collection.record.id, ids, filter);
    collection.count -= rows.length;
    this.counters.removed("deleted", rows.length);
    for (const row of rows) {
      collection.wrote(row);
      collection.memory.remove(row);
    }
    return rows.length;
  }

  async list(namespace: string, name: string, page: Parameters<VectorIndex["list"]>[2]) {
    const collection = this.#find(namespace, name);
    const { record, format } = collection;
    const limit = page.includeVectors ? Math.min(page.limit, pageOf(record.dimensions)) : page.limit;
    const found = await this.#rows.list(record.id, page.cursor, limit + 1, page.filter);
    const rows = found.rows.slice(0, limit);
    const vectors = page.includeVectors ? await readVectors(this.#rows, record.id, format, rows) : null;
    const items: ListedPoint[] = [];
    for (const [index, row] of rows.entries()) {
      const item = { id: found.ids[index] ?? "", metadata: parseMetadata(found.metadata[index] ?? null) };
      const vector = vectors?.get(row);
      // One that was removed since the page was read is left out.
      if (!vectors) items.push(item);
      else if (vector) items.push({ ...item, vector });
    }
    return { items, nextCursor: found.rows.length > limit ? (rows.at(-1) ?? null) : null };
  }

  async measure(namespace: string, name: string, filter: Filter | null): Promise<{ count: number; bytes: number }> {
    const collection = this.#find(namespace, name);
    const count = filter ? (await this.#searching.matching(collection, filter)).size : collection.count;
    return { count, bytes: count * collection.format.rowBytes };
  }

  async recall(namespace: string, name: string, sample: number): Promise<RecallReport> {
    const collection = this.#find(namespace, name);
    const search = (query: Query, k: number, among: RowSet | null) => this.#searching.rank(collection, query, k, among);
    const parts = { rows: this.#rows, turns: this.#turns, clock: this.#clock };
    const report = await measureRecall({ collection, ...parts, sample, search });
    collection.measuredRecall = report.recall;
    return report;
  }

  #find(namespace: string, name: string): Collection {
    const collection = this.#collections.get(keyOf(namespace, name));
    if (!collection) throw new AppError("not-found", `No collection has the name ${JSON.stringify(name)}.`);
    return collection;
  }

  #add(record: CollectionRecord, stored: StoredError & { count: number }): Collection {
    const collection = new Collection(record, stored, (format) => this.memory.open(format, record.namespace));
    this.#collections.set(keyOf(record.namespace, record.name), collection);
    return collection;
  }
}
