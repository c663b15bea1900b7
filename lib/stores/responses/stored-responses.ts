import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import type { BoundedEntries } from "../cache/bounded-entries.ts";
import type { BudgetAccount } from "../core/budget-account.ts";
import type { Ask, Owners } from "../core/owners.ts";
import type { BackgroundCompressor } from "./background-compressor.ts";
import { BodyArena } from "./body-arena.ts";
import { itemTooLarge, memoryPressure } from "./cache-refusals.ts";
import {
  type CachedResponse,
  frameBytes,
  type HeldCopy,
  type NewResponse,
  newEntry,
  ownText,
} from "./cached-response.ts";
import { isWorthCompressing } from "./encodings.ts";
import { fullKey } from "./namespace-scan.ts";

interface Parts {
  clock: Pick<Clock, "monotonicMs">;
  entries: BoundedEntries<CachedResponse>;
  bodies: BodyArena;
  budget: BudgetAccount;
  compressor: BackgroundCompressor;
  owners: Owners;
  /** Off: bodies stay as they were put. */
  compression: boolean;
}

/** When an entry was put, how long it is fresh from now on, and its place among all puts. */
export interface StoredTimes {
  storedAtMs: number;
  freshMs: number;
  sequence: number;
}

/** Takes responses into the entries and their bodies into slabs, and makes room for both. */
export class StoredResponses {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws {AppError} for what can never fit: before anything is inflated or released. */
  requireSize({ frame, bodyBytes }: { frame: number; bodyBytes: number }): void {
    const { budget, entries } = this.#parts;
    if (frame + BodyArena.mostBytesFor(bodyBytes) > budget.ceilingBytes - entries.indexBytes)
      throw this.#refuse(itemTooLarge());
  }

  /** @throws {AppError} `memory-pressure` where all that is held could not pay for it. */
  requireMemory({ frame, bytes }: NewResponse): void {
    const { budget, entries } = this.#parts;
    const mostBytes = frame + BodyArena.mostBytesFor(bytes.byteLength);
    const heldBytes = budget.grantedBytes - entries.indexBytes;
    if (!budget.couldReserve(mostBytes - heldBytes)) throw this.#refuse(memoryPressure());
  }

  /** @throws {AppError} `item-too-large`, `memory-pressure`. */
  store(put: NewResponse, { storedAtMs, freshMs, sequence }: StoredTimes): void {
    const { budget, bodies, entries, owners, clock, compressor } = this.#parts;
    const { key, form, bytes, frame, staleMs } = put;
    const owner = owners.of(ownText(put.namespace));
    budget.holdSpare();
    try {
      const body = bodies.hold(bytes, form, owner);
      if (!body) throw this.#refuse(memoryPressure());
      this.freeUntil(() => budget.hasRoom(frame), { owner, measure: "bytes", more: frame });
      const nowMs = clock.monotonicMs();
      const entry = newEntry(put, { body, owner, nowMs, storedAtMs, freshMs, sequence });
      const outcome = entries.set(key, entry, frame, Math.max(0, freshMs + staleMs));
      if (outcome === "too-large" || outcome === "no-memory") {
        bodies.release(body);
        throw outcome === "too-large" ? itemTooLarge() : memoryPressure();
      }
      if (this.canCompress(entry)) compressor.add(body);
    } finally {
      budget.releaseSpare();
    }
  }

  /** A copy of what is kept elsewhere. What finds no room is not held, and neither is what was there under its key. */
  hold({ namespace, key, bytes, form, mediaType, tags, meta, freshMs, staleMs, ageMs, version }: HeldCopy): void {
    const full = fullKey(namespace, key);
    const frame = frameBytes(full, mediaType, tags, meta);
    const made = { key: ownText(full), mediaType, tags, meta, namespace, form, bytes, frame, staleMs };
    try {
      this.requireSize({ frame, bodyBytes: bytes.byteLength });
      this.requireMemory(made);
      const storedAtMs = this.#parts.clock.monotonicMs() - ageMs;
      this.store(made, { storedAtMs, freshMs, sequence: version });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#parts.entries.delete(full);
    }
  }

  canCompress({ body, mediaType }: Pick<CachedResponse, "body" | "mediaType">): boolean {
    return this.#parts.compression && body.state === "plain" && isWorthCompressing(mediaType, body.identityBytes);
  }

  /** Pages of slabs first: an entry evicted for its frame alone would leave its body's room unused. */
  freeUntil(isEnough: () => boolean, ask?: Ask): void {
    const { bodies, entries } = this.#parts;
    while (!isEnough()) {
      if (bodies.compact() === 0 && entries.evictOne(ask) === 0) return;
    }
  }

  #refuse(error: AppError): AppError {
    this.#parts.entries.counters.reject();
    return error;
  }
}
