import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { MessageRow } from "../../ports/conversation-rows.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { StoreCounters } from "../core/store-counters.ts";

export interface RecentBounds {
  maxItems: number;
  maxBytes: number;
}

interface Kept {
  conversation: number;
  sequence: number;
  bytes: Uint8Array;
  isDeflated: boolean;
}

/** What a message costs beside its bytes: the object, the buffer's header, two slots. */
const OVERHEAD_BYTES = 240;
/** Shorter ones do not shrink. */
const SMALLEST_DEFLATED = 160;
/** What messages are full of, so that short ones shrink too. */
const DICTIONARY = Buffer.from(
  '"role":"tool","role":"system","metadata":null,"metadata":{"toolCallId":","toolCalls":[{"id":" Please the and for that with this have from you can what how is are of to in it on be as "role":"assistant","content":""role":"user","content":"',
);

/**
 * The newest messages of all conversations, compressed. After every call `items <= maxItems` and `bytes <= maxBytes`; the oldest
 * go first, so that what is kept of a conversation is always its end, without gaps.
 */
export class RecentMessages {
  readonly #account: MemoryAccount;
  #bounds: RecentBounds;
  /** In the order they were appended; the places before `#first` have been released. */
  #order: (Kept | undefined)[] = [];
  #first = 0;
  readonly #conversations = new Map<number, Kept[]>();
  #items = 0;
  #bytes = 0;
  readonly counters: StoreCounters;

  constructor(bounds: RecentBounds, account: MemoryAccount, clock: Clock) {
    this.#bounds = bounds;
    this.#account = account;
    this.counters = new StoreCounters(clock);
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bounds(): RecentBounds {
    return this.#bounds;
  }

  /** A message that is on disk. One that memory refuses leaves a gap, so what was kept of its conversation goes. */
  add(row: MessageRow): void {
    const kept = compress(row);
    const cost = kept.bytes.length + OVERHEAD_BYTES;
    const fits = cost <= this.#bounds.maxBytes && this.#bounds.maxItems > 0;
    if (fits) this.#makeRoom(cost, 1);
    if (!fits || !this.#account.tryReserve(cost)) {
      this.counters.reject();
      this.remove(row.conversationRowId);
      return;
    }
    const list = this.#conversations.get(row.conversationRowId);
    if (list === undefined) this.#conversations.set(row.conversationRowId, [kept]);
    else list.push(kept);
    this.#order.push(kept);
    this.#items++;
    this.#bytes += cost;
  }

  /** The conversation's end as far as it is in memory, oldest first, at most `limit`. */
  newest(conversationRowId: number, limit: number): MessageRow[] {
    const list = this.#conversations.get(conversationRowId) ?? [];
    if (list.length === 0) this.counters.miss();
    else this.counters.hit();
    return list.slice(-limit).map(decompress);
  }

  remove(conversationRowId: number): void {
    const list = this.#conversations.get(conversationRowId) ?? [];
    this.#conversations.delete(conversationRowId);
    const gone = new Set(list);
    if (gone.size === 0) return;
    this.#order = this.#order.slice(this.#first).filter((kept) => kept !== undefined && !gone.has(kept));
    this.#first = 0;
    for (const kept of list) this.#release(kept);
    this.counters.removed("deleted", list.length);
  }

  resize(bounds: Partial<RecentBounds>): void {
    this.#bounds = { ...this.#bounds, ...bounds };
    this.#makeRoom(0, 0);
  }

  predictSpill(targetBytes: number): { items: number; freedBytes: number } {
    let items = 0;
    let freedBytes = 0;
    for (let place = this.#first; place < this.#order.length && freedBytes < targetBytes; place++) {
      items++;
      freedBytes += (this.#order[place]?.bytes.length ?? 0) + OVERHEAD_BYTES;
    }
    return { items, freedBytes };
  }

  /** Lets the oldest go; they are on disk. */
  spill(targetBytes: number): { items: number; freedBytes: number } {
    const { items, freedBytes } = this.predictSpill(targetBytes);
    for (let left = items; left > 0; left--) this.#dropOldest();
    return { items, freedBytes };
  }

  #makeRoom(bytes: number, items: number): void {
    while (this.#items + items > this.#bounds.maxItems || this.#bytes + bytes > this.#bounds.maxBytes)
      if (!this.#dropOldest()) return;
  }

  #dropOldest(): boolean {
    const kept = this.#order[this.#first];
    if (kept === undefined) return false;
    this.#order[this.#first++] = undefined;
    // Half of the places are empty: a copy now costs one move per message dropped.
    if (this.#first > 64 && this.#first * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#first);
      this.#first = 0;
    }
    const list = this.#conversations.get(kept.conversation);
    list?.shift();
    if (list?.length === 0) this.#conversations.delete(kept.conversation);
    this.#release(kept);
    this.counters.removed("spilled");
    return true;
  }

  #release(kept: Kept): void {
    const cost = kept.bytes.length + OVERHEAD_BYTES;
    this.#items--;
    this.#bytes -= cost;
    this.#account.release(cost);
  }
}

function compress(row: MessageRow): Kept {
  const { conversationRowId: conversation, sequence, ...kept } = row;
  const plain = Buffer.from(JSON.stringify(kept));
  if (plain.length < SMALLEST_DEFLATED) return { conversation, sequence, bytes: exact(plain), isDeflated: false };
  const deflated = deflateRawSync(plain, { level: 1, dictionary: DICTIONARY, chunkSize: plain.length });
  const isDeflated = deflated.length < plain.length;
  return { conversation, sequence, bytes: exact(isDeflated ? deflated : plain), isDeflated };
}

function decompress({ conversation, sequence, bytes, isDeflated }: Kept): MessageRow {
  const plain = isDeflated ? inflateRawSync(bytes, { dictionary: DICTIONARY }) : Buffer.from(bytes);
  return { conversationRowId: conversation, sequence, ...JSON.parse(plain.toString("utf8")) };
}

/** A copy of its own: zlib's result, and Buffer's pool, keep far more alive behind a short view. */
function exact(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes);
}
