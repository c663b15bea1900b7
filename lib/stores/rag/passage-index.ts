import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { PassageVector, PassageVectorSource } from "../../ports/passage-vectors.ts";
import { fewest } from "../../shared/fewest.ts";
import { createKernel } from "../vectors/codec/kernel.ts";
import { Query } from "../vectors/codec/query.ts";
import { BlockArena } from "../vectors/tiers/block-arena.ts";
import { type Candidate, Candidates } from "../vectors/tiers/candidates.ts";
import { MemoryScan } from "../vectors/tiers/memory-scan.ts";
import { SCRATCH_OUT } from "../vectors/tiers/slab.ts";
import { DOCUMENT, PassageCodes } from "./passage-codes.ts";
import type { Fused } from "./score-fusion.ts";
import { dotWithCode } from "./vector-code.ts";

/** Each row crosses from the database's thread in a buffer of its own: many small ones fragment the memory of both. */
/** The kernel holds a query of 16-bit numbers in its scratch space; longer vectors are read from the database. */
const MOST_DIMENSIONS = SCRATCH_OUT / 2;
const PAGE_ROWS = 256;
/** Steps of a scan, of 512 KiB at most, between two yields of the event loop. */
const SLICE_STEPS = 8;
/** How many of the best get their exact score from the database's 16-bit codes. */
const EXACT_ROWS = 64;

interface Loading {
  done: Promise<void>;
  /** What was written while the pages were read; applied at the end. */
  added: PassageVector[];
  removed: Gone[];
}

interface Gone {
  documents: ReadonlySet<number>;
  passages: ReadonlySet<number>;
}

export type DocumentTest = (documentId: number) => boolean;

/**
 * Nearest passages by cosine. The vectors are in the database; the scopes asked lately are also in memory, a byte a value, as
 * long as the ledger grants it. A scope that memory refuses is read from the database in pages for each query: slower, never
 * less complete. After every call `bytes` is what the account has granted.
 */
export class PassageIndex {
  readonly #source: PassageVectorSource;
  readonly #arena: BlockArena;
  readonly #yieldToLoop: () => Promise<void>;
  /** Least lately asked first. Each holds a block at least, so what the account grants bounds their number too. */
  readonly #scopes = new Map<string, PassageCodes>();
  readonly #loading = new Map<string, Loading>();
  #evictions = 0;
  #diskScans = 0;
  #memoryScans = 0;

  constructor(source: PassageVectorSource, account: MemoryAccount, yieldToLoop: () => Promise<void>) {
    this.#source = source;
    this.#arena = new BlockArena(account, createKernel());
    this.#yieldToLoop = yieldToLoop;
  }

  get bytes(): number {
    return this.#arena.reservedBytes;
  }

  get counters(): { rows: number; scopes: number; evictions: number; diskScans: number; memoryScans: number } {
    let rows = 0;
    for (const { count } of this.#scopes.values()) rows += count;
    return {
      rows,
      scopes: this.#scopes.size,
      evictions: this.#evictions,
      diskScans: this.#diskScans,
      memoryScans: this.#memoryScans,
    };
  }

  /** The `limit` nearest passages of the documents that `allows` lets through (null: all), best first. */
  async search(scope: string, query: Float32Array, limit: number, allows: DocumentTest | null): Promise<Fused[]> {
    const k = Math.max(limit, EXACT_ROWS);
    const codes = await this.#codesOf(scope, query.length);
    const found = codes && (await this.#scanCodes(codes, query, k, allows));
    const ranked = found ? await this.#exact(scope, query, found) : await this.#scanPages(scope, query, k, allows);
    return ranked.slice(0, limit);
  }

  holds(scope: string): boolean {
    return this.#scopes.has(scope);
  }

  /** Reads a scope into memory, if it is granted, before anyone asks: cheap while it is empty, and what follows is added to it. */
  async open(scope: string, dimensions: number): Promise<void> {
    await this.#codesOf(scope, dimensions);
  }

  /** Passages that have just become durable. */
  add(scope: string, rows: readonly PassageVector[]): void {
    this.#loading.get(scope)?.added.push(...rows);
    const codes = this.#scopes.get(scope);
    if (!codes || this.#addAll(scope, codes, rows)) return;
    this.#drop(scope, codes);
    this.#compact();
  }

  /** Documents whose removal has just become durable. Their ids never come back. */
  removeDocuments(scope: string, documentIds: readonly number[]): void {
    this.#remove(scope, { documents: new Set(documentIds), passages: new Set() });
  }

  /** Passages whose removal has just become durable. Their ids never come back. */
  removePassages(scope: string, ids: readonly number[]): void {
    this.#remove(scope, { documents: new Set(), passages: new Set(ids) });
  }

  #remove(scope: string, gone: Gone): void {
    this.#loading.get(scope)?.removed.push(gone);
    const codes = this.#scopes.get(scope);
    if (!codes) return;
    codes.removeWhere(isGoneFrom(codes, gone));
    if (codes.blocks === 0) this.#drop(scope, codes);
    this.#compact();
  }

  /** What dropping the least lately asked scopes would free, up to the target. */
  predictEviction(targetBytes: number): { items: number; freedBytes: number } {
    const { items, freedBytes } = this.#planEviction(targetBytes);
    return { items, freedBytes };
  }

  evict(targetBytes: number): { items: number; freedBytes: number } {
    const before = this.bytes;
    const { items, scopes } = this.#planEviction(targetBytes);
    for (const [scope, codes] of scopes) this.#evict(scope, codes);
    this.#compact();
    return { items, freedBytes: before - this.bytes };
  }

  #planEviction(targetBytes: number) {
    const all = [...this.#scopes];
    const freedBy = (count: number) => this.#arena.giveBackAfter(all.slice(0, count).flatMap(([, { held }]) => held));
    const enough = fewest(all.length, (count) => freedBy(count) >= targetBytes);
    const scopes = all.slice(0, enough);
    return { scopes, items: scopes.reduce((sum, [, { count }]) => sum + count, 0), freedBytes: freedBy(enough) };
  }

  /** A scope's codes, as the one asked last; null where memory has none of these dimensions. */
  async #codesOf(scope: string, dimensions: number): Promise<PassageCodes | null> {
    if (dimensions > MOST_DIMENSIONS) return null;
    if (!this.#scopes.has(scope)) {
      const loading = this.#loading.get(scope) ?? this.#load(scope, dimensions);
      await loading.done;
    }
    const codes = this.#scopes.get(scope);
    if (codes === undefined) return null;
    if (codes.format.dimensions !== dimensions) {
      // Of a former model: nobody asks for them any more.
      this.#drop(scope, codes);
      this.#compact();
      return null;
    }
    this.#scopes.delete(scope);
    this.#scopes.set(scope, codes);
    return codes;
  }

  #load(scope: string, dimensions: number): Loading {
    const loading: Loading = { done: Promise.resolve(), added: [], removed: [] };
    this.#loading.set(scope, loading);
    loading.done = this.#readAll(scope, dimensions, loading).finally(() => this.#loading.delete(scope));
    return loading;
  }

  async #readAll(scope: string, dimensions: number, loading: Loading): Promise<void> {
    const codes = new PassageCodes(this.#arena, dimensions);
    try {
      if ((await this.#readPages(scope, codes)) && this.#catchUp(scope, codes, loading)) this.#scopes.set(scope, codes);
    } finally {
      if (this.#scopes.get(scope) !== codes) this.#drop(scope, codes);
      this.#compact();
    }
  }

  /** False: memory is refused. */
  async #readPages(scope: string, codes: PassageCodes): Promise<boolean> {
    if (!this.#withRoom(scope, () => codes.reserve())) return false;
    for await (const rows of this.#pages(scope)) if (!this.#addAll(scope, codes, rows)) return false;
    return true;
  }

  /** Applies what was written while the pages were read. */
  #catchUp(scope: string, codes: PassageCodes, { added, removed }: Loading): boolean {
    const late = added.filter(
      ({ id, documentId }) => !removed.some((gone) => gone.documents.has(documentId) || gone.passages.has(id)),
    );
    const known = codes.known(new Set(late.map(({ id }) => id)));
    for (const gone of removed) codes.removeWhere(isGoneFrom(codes, gone));
    const unknown = late.filter(({ id }) => !known.has(id));
    return this.#addAll(scope, codes, unknown) && codes.blocks > 0;
  }

  #addAll(scope: string, codes: PassageCodes, rows: readonly PassageVector[]): boolean {
    return rows.every((row) => this.#withRoom(scope, () => codes.add(row)));
  }

  /** Tries until it succeeds: memory that is refused is taken from the scopes least lately asked. False when there are no others. */
  #withRoom(scope: string, attempt: () => boolean): boolean {
    while (!attempt()) {
      const oldest = [...this.#scopes].find(([other]) => other !== scope);
      if (!oldest) return false;
      this.#evict(...oldest);
    }
    return true;
  }

  #evict(scope: string, codes: PassageCodes): void {
    this.#evictions++;
    this.#drop(scope, codes);
  }

  #drop(scope: string, codes: PassageCodes): void {
    codes.drop();
    if (this.#scopes.get(scope) === codes) this.#scopes.delete(scope);
  }

  /** Gives whole slabs back. */
  #compact(): void {
    while (this.#arena.compactOne() > 0);
  }

  /** Null when memory took the codes away meanwhile. */
  async #scanCodes(
    codes: PassageCodes,
    query: Float32Array,
    k: number,
    allows: DocumentTest | null,
  ): Promise<Candidate[] | null> {
    this.#memoryScans++;
    const scan = new MemoryScan(codes, new Query(codes.format, query), {
      k,
      floor: Number.NEGATIVE_INFINITY,
      allows: () => true,
      label: { before: DOCUMENT, allows },
    });
    try {
      for (let steps = 1; scan.step(); steps++) if (steps % SLICE_STEPS === 0) await this.#yieldToLoop();
      return codes.isDropped ? null : scan.finish();
    } finally {
      scan.abandon();
    }
  }

  async #scanPages(scope: string, query: Float32Array, k: number, allows: DocumentTest | null): Promise<Fused[]> {
    this.#diskScans++;
    const best = new Candidates(k, Number.NEGATIVE_INFINITY);
    for await (const rows of this.#pages(scope)) {
      for (const { id, documentId, vector } of rows) {
        if (allows !== null && !allows(documentId)) continue;
        const score = dotWithCode(query, vector);
        if (score >= best.threshold) best.offer(id, documentId, score, score);
      }
    }
    return best.sorted().map(toFused);
  }

  async *#pages(scope: string): AsyncGenerator<PassageVector[]> {
    for (let afterId = 0; ; ) {
      const rows = await this.#source.page(scope, afterId, PAGE_ROWS);
      yield rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE_ROWS) return;
      afterId = last.id;
    }
  }

  async #exact(scope: string, query: Float32Array, ranked: readonly Candidate[]): Promise<Fused[]> {
    const top = ranked.slice(0, EXACT_ROWS);
    const rows = await this.#source.byId(
      scope,
      top.map(({ row }) => row),
    );
    // A passage that is gone from the database by now is no answer.
    const rescored = rows.map(({ id, documentId, vector }) => ({ id, documentId, score: dotWithCode(query, vector) }));
    rescored.sort((a, b) => b.score - a.score || a.id - b.id);
    return [...rescored, ...ranked.slice(EXACT_ROWS).map(toFused)];
  }
}

const isGoneFrom =
  (codes: PassageCodes, { documents, passages }: Gone) =>
  (slot: number): boolean =>
    documents.has(codes.documentAt(slot)) || passages.has(codes.rowAt(slot));

function toFused({ row, label, upper }: Candidate): Fused {
  return { id: row, documentId: label, score: upper };
}
