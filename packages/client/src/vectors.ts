import { List } from "./pages.ts";
import { type CallOptions, segment, type Transport } from "./transport.ts";
import type {
  CollectionShape,
  Collection as CollectionView,
  Filter,
  NewPoint,
  Point,
  PointChange,
  PointSummary,
  PointsBatch,
  PointsBatchResult,
  Recall,
  Search,
  SearchAnswer,
  SearchesAnswer,
  Upserted,
} from "./types.ts";

const BASE = "/api/v1/collections";

/** Collections of vectors. */
export class Collections {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The points of a collection. Makes no request: `create` makes the collection itself. */
  use(name: string): Points {
    return new Points(this.#transport, name);
  }

  /** Creates a collection, or confirms one of this shape. @throws {ConflictError} when it has another shape. */
  create(name: string, shape: CollectionShape, options: CallOptions = {}): Promise<CollectionView> {
    return this.#transport.json("PUT", `${BASE}/${segment(name)}`, { json: shape }, options);
  }

  get(name: string, options: CallOptions = {}): Promise<CollectionView | null> {
    return this.#transport.find(`${BASE}/${segment(name)}`, {}, options);
  }

  /** Drops a collection with its points; false when there was none. */
  delete(name: string, options: CallOptions = {}): Promise<boolean> {
    return this.#transport.remove(`${BASE}/${segment(name)}`, {}, options);
  }

  list({ limit, ...options }: CallOptions & { limit?: number } = {}): List<CollectionView> {
    return new List(this.#transport, BASE, { limit }, options);
  }
}

/** The points of one collection. */
export class Points {
  readonly name: string;
  readonly #transport: Transport;
  readonly #base: string;

  constructor(transport: Transport, name: string) {
    this.name = name;
    this.#transport = transport;
    this.#base = `${BASE}/${segment(name)}`;
  }

  /** Writes up to 1,000 points. Refused ones stand in `results`; the others are written. */
  upsert(points: readonly NewPoint[], options: CallOptions = {}): Promise<Upserted> {
    return this.#transport.json("PUT", `${this.#base}/points`, { json: { points } }, options);
  }

  /** The points most alike, best first. */
  search(search: Search, options: CallOptions = {}): Promise<SearchAnswer> {
    return this.#transport.json("POST", `${this.#base}/search`, { json: search, repeatable: true }, options);
  }

  /** Up to 32 searches in one request, with an answer for each. */
  searchMany(searches: readonly Search[], options: CallOptions = {}): Promise<SearchesAnswer> {
    return this.#transport.json("POST", `${this.#base}/search`, { json: { searches }, repeatable: true }, options);
  }

  get(id: string, options: CallOptions = {}): Promise<Point | null> {
    return this.#transport.find(`${this.#base}/points/${segment(id)}`, {}, options);
  }

  /** Changes a point's metadata by a merge patch (RFC 7396). @throws {NotFoundError} */
  patch(id: string, change: PointChange, options: CallOptions = {}): Promise<Point> {
    return this.#transport.json("PATCH", `${this.#base}/points/${segment(id)}`, { json: change }, options);
  }

  delete(id: string, options: CallOptions = {}): Promise<boolean> {
    return this.#transport.remove(`${this.#base}/points/${segment(id)}`, {}, options);
  }

  /** Ids and metadata, of those that match `filter`. */
  list({ filter, limit, ...options }: CallOptions & { filter?: Filter; limit?: number } = {}): List<PointSummary> {
    const query = { filter: filter ? JSON.stringify(filter) : undefined, limit };
    return new List(this.#transport, `${this.#base}/points`, query, options);
  }

  /** Reads and removes many points in one request, by id or by filter. */
  batch(batch: PointsBatch, options: CallOptions = {}): Promise<PointsBatchResult> {
    return this.#transport.json("POST", `${this.#base}/points/batch`, { json: batch, repeatable: true }, options);
  }

  /** Recall@10 of the present tiers, measured now on a sample of the collection's own points. */
  recall({ sample, ...options }: CallOptions & { sample?: number } = {}): Promise<Recall> {
    return this.#transport.json("GET", `${this.#base}/recall`, { query: { sample } }, options);
  }
}
