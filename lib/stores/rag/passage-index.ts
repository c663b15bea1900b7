import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { PassageVector, PassageVectorSource } from "../../ports/passage-vectors.ts";
import { BestScores, byScore, type Scored } from "./best-scores.ts";
import { PassageSlab } from "./passage-slab.ts";
import { dotWithCode } from "./vector-code.ts";

/** Each row crosses from the database's thread in a buffer of its own: many small ones fragment the memory of both. */
const PAGE_ROWS = 256;
/** Rows between two breaths of the event loop: about 5 ms of work at 384 dimensions. */
const SLICE_ROWS = 10_000;
/** How many of the best get their exact score from the database's 16-bit codes. */
const EXACT_ROWS = 64;
/** A slab with more removed rows than this share of the live ones is copied. */
const COMPACT_RATIO = 0.25;

interface Loading {
  done: Promise<void>;
  /** What was written while the pages were read; applied at the end. */
  added: PassageVector[];
  removed: Set<number>;
}

export type DocumentTest = (documentId: number) => boolean;

/**
 * Nearest passages by cosine. The vectors are in the database; the scopes asked lately are also in memory, a byte a value, as
 * long as the ledger grants it. A scope that memory refuses is read from the database in pages for each query: slower, never
 * less complete. After every call `bytes` is what the account has granted.
 */
export class PassageIndex {
  readonly #source: PassageVectorSource;
  readonly #account: MemoryAccount;
  readonly #breathe: () => Promise<void>;
  /** Least lately asked first. */
  readonly #slabs = new Map<string, PassageSlab>();
  readonly #loading = new Map<string, Loading>();
  #bytes = 0;
  #evictions = 0;
  #diskScans = 0;
  #memoryScans = 0;

  constructor(source: PassageVectorSource, account: MemoryAccount, breathe: () => Promise<void>) {
    this.#source = source;
    this.#account = account;
    this.#breathe = breathe;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get counters(): { rows: number; scopes: number; evictions: number; diskScans: number; memoryScans: number } {
    let rows = 0;
    for (const slab of this.#slabs.values()) rows += slab.live;
    return {
      rows,
      scopes: this.#slabs.size,
      evictions: this.#evictions,
      diskScans: this.#diskScans,
      memoryScans: this.#memoryScans,
    };
  }

  /** The `limit` nearest passages of the documents that `allows` lets through (null: all), best first. */
  async search(scope: string, query: Float32Array, limit: number, allows: DocumentTest | null): Promise<Scored[]> {
    const slab = await this.#slabOf(scope, query.length);
    const best = new BestScores(Math.max(limit, EXACT_ROWS));
    if (slab === null) await this.#scanPages(scope, query, allows, best);
    else {
      this.#memoryScans++;
      for (let from = 0; from < slab.count; from += SLICE_ROWS) {
        if (from > 0) await this.#breathe();
        slab.scan(query, from, Math.min(from + SLICE_ROWS, slab.count), allows, best);
      }
    }
    const ranked = best.sorted();
    return (slab === null ? ranked : await this.#exact(scope, query, ranked)).slice(0, limit);
  }

  holds(scope: string): boolean {
    return this.#slabs.has(scope);
  }

  /** Reads a scope into memory, if it is granted, before anyone asks: cheap while it is empty, and what follows is added to it. */
  async open(scope: string, dimensions: number): Promise<void> {
    await this.#slabOf(scope, dimensions);
  }

  /** Passages that have just become durable. */
  add(scope: string, rows: readonly PassageVector[]): void {
    this.#loading.get(scope)?.added.push(...rows);
    const slab = this.#slabs.get(scope);
    if (slab !== undefined) this.#addTo(scope, slab, rows);
  }

  /** Documents whose removal has just become durable. Their ids never come back. */
  removeDocuments(scope: string, documentIds: readonly number[]): void {
    const gone = new Set(documentIds);
    const loading = this.#loading.get(scope);
    for (const id of gone) loading?.removed.add(id);
    const slab = this.#slabs.get(scope);
    if (slab === undefined) return;
    slab.removeDocuments(gone);
    if (slab.removed > slab.live * COMPACT_RATIO) this.#compact(scope, slab);
  }

  /** What dropping the least lately asked scopes would free, up to the target. */
  predictEviction(targetBytes: number): { items: number; freedBytes: number } {
    let items = 0;
    let freedBytes = 0;
    for (const slab of this.#slabs.values()) {
      if (freedBytes >= targetBytes) break;
      items += slab.live;
      freedBytes += slab.bytes;
    }
    return { items, freedBytes };
  }

  evict(targetBytes: number): { items: number; freedBytes: number } {
    let items = 0;
    let freedBytes = 0;
    for (const [scope, slab] of this.#slabs) {
      if (freedBytes >= targetBytes) break;
      items += slab.live;
      freedBytes += slab.bytes;
      this.#drop(scope);
    }
    return { items, freedBytes };
  }

  async #slabOf(scope: string, dimensions: number): Promise<PassageSlab | null> {
    if (!this.#slabs.has(scope)) {
      const loading = this.#loading.get(scope) ?? this.#load(scope, dimensions);
      await loading.done;
    }
    const slab = this.#slabs.get(scope);
    if (slab === undefined || slab.dimensions !== dimensions) return null;
    this.#slabs.delete(scope);
    this.#slabs.set(scope, slab);
    return slab;
  }

  #load(scope: string, dimensions: number): Loading {
    const loading: Loading = { done: Promise.resolve(), added: [], removed: new Set() };
    this.#loading.set(scope, loading);
    loading.done = this.#readAll(scope, dimensions, loading).finally(() => this.#loading.delete(scope));
    return loading;
  }

  async #readAll(scope: string, dimensions: number, loading: Loading): Promise<void> {
    let slab = this.#allocate(scope, dimensions);
    try {
      for (let afterId = 0; slab !== null; ) {
        const rows = await this.#source.page(scope, afterId, PAGE_ROWS);
        slab = this.#withRoom(scope, slab, rows.length);
        for (const row of rows) slab?.add(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < PAGE_ROWS) break;
        afterId = last.id;
      }
    } catch (error) {
      if (slab !== null) this.#give(slab.bytes);
      throw error;
    }
    if (slab === null) return;
    const late = loading.added.filter(({ documentId }) => !loading.removed.has(documentId));
    const known = slab.has(new Set(late.map(({ id }) => id)));
    slab.removeDocuments(loading.removed);
    this.#slabs.set(scope, slab);
    this.#addTo(
      scope,
      slab,
      late.filter(({ id }) => !known.has(id)),
    );
  }

  #addTo(scope: string, slab: PassageSlab, rows: readonly PassageVector[]): void {
    const roomy = this.#withRoom(scope, slab, rows.length);
    if (roomy === null) return;
    for (const row of rows) roomy.add(row);
  }

  /** The slab with room for `more`; null, and the scope dropped, when memory is refused. */
  #withRoom(scope: string, slab: PassageSlab, more: number): PassageSlab | null {
    const capacity = PassageSlab.capacityFor(slab.count + more);
    if (capacity <= slab.capacity) return slab;
    if (!this.#take(scope, PassageSlab.bytesFor(slab.dimensions, capacity - slab.capacity))) {
      this.#give(slab.bytes);
      this.#slabs.delete(scope);
      return null;
    }
    slab.grow(capacity);
    return slab;
  }

  /** Copies the live rows, for a scan that is under way must find its own. */
  #compact(scope: string, slab: PassageSlab): void {
    const capacity = PassageSlab.capacityFor(slab.live);
    if (capacity === slab.capacity) return;
    const isTaken = this.#take(scope, PassageSlab.bytesFor(slab.dimensions, capacity));
    this.#give(slab.bytes);
    if (isTaken) this.#slabs.set(scope, slab.copy(capacity));
    else this.#slabs.delete(scope);
  }

  #allocate(scope: string, dimensions: number): PassageSlab | null {
    const capacity = PassageSlab.capacityFor(0);
    return this.#take(scope, PassageSlab.bytesFor(dimensions, capacity)) ? new PassageSlab(dimensions, capacity) : null;
  }

  /** Takes memory before it is used, from the least lately asked scopes if there is no other. */
  #take(scope: string, bytes: number): boolean {
    while (!this.#account.tryTake(bytes)) {
      const oldest = [...this.#slabs.keys()].find((other) => other !== scope);
      if (oldest === undefined) return false;
      this.#drop(oldest);
    }
    this.#bytes += bytes;
    return true;
  }

  #drop(scope: string): void {
    const slab = this.#slabs.get(scope);
    if (slab === undefined) return;
    this.#slabs.delete(scope);
    this.#evictions++;
    this.#give(slab.bytes);
  }

  #give(bytes: number): void {
    this.#bytes -= bytes;
    this.#account.give(bytes);
  }

  async #scanPages(scope: string, query: Float32Array, allows: DocumentTest | null, best: BestScores): Promise<void> {
    this.#diskScans++;
    for (let afterId = 0; ; ) {
      const rows = await this.#source.page(scope, afterId, PAGE_ROWS);
      for (const { id, documentId, vector } of rows)
        if (allows === null || allows(documentId)) best.offer(id, documentId, dotWithCode(query, vector));
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) return;
      afterId = last.id;
    }
  }

  async #exact(scope: string, query: Float32Array, ranked: Scored[]): Promise<Scored[]> {
    const top = ranked.slice(0, EXACT_ROWS);
    const rows = await this.#source.byId(
      scope,
      top.map(({ id }) => id),
    );
    const vectors = new Map(rows.map(({ id, vector }) => [id, vector]));
    // A passage that is gone from the database by now is no answer.
    const rescored = top.flatMap((item) => {
      const vector = vectors.get(item.id);
      return vector === undefined ? [] : [{ ...item, score: dotWithCode(query, vector) }];
    });
    return [...rescored.sort(byScore), ...ranked.slice(EXACT_ROWS)];
  }
}
