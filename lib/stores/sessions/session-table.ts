import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { SessionTerms } from "../../ports/session-rows.ts";
import type { SessionFields } from "../../ports/session-store.ts";
import { HotValues } from "../bytes/hot-values.ts";
import { PackedValues } from "../bytes/packed-values.ts";
import { FreeSlots } from "../core/free-slots.ts";
import { grown } from "../core/grown.ts";
import { RecencyList } from "../core/recency-list.ts";
import { IdIndex } from "./id-index.ts";
import { SessionTags } from "./session-tags.ts";

const FIRST_CAPACITY = 64;
/** Small, since a slot that is not used yet counts as held. */
const GROWTH = 1.25;
/** Created, last used, timeout, end, version, namespace, whose id, and the next free slot. */
const FIELD_BYTES_PER_SLOT = 8 + 8 + 8 + 8 + 4 + 2 + 1 + 4;

/** The fields of the sessions in memory, in columns; every slot is charged to the account before it exists. */
export class SessionTable {
  readonly #account: MemoryAccount;
  readonly #namespaces: string[] = [];
  readonly ids: IdIndex;
  readonly values: PackedValues;
  readonly hot: HotValues<Uint8Array>;
  readonly tags: SessionTags;
  /** By last use. */
  readonly recency: RecencyList;
  /** Whose last use is not yet in the database, longest waiting first. */
  readonly unsavedUses: RecencyList;
  #createdAtMs: Float64Array;
  #lastUsedAtMs: Float64Array;
  #idleTimeoutMs: Float64Array;
  #endsAtMs: Float64Array;
  #versions: Uint32Array;
  #namespaceOf: Uint16Array;
  #isOwn: Uint8Array;
  #links: Uint32Array;
  readonly #free: FreeSlots;

  constructor(account: MemoryAccount) {
    this.#account = account;
    this.ids = new IdIndex(0);
    this.values = new PackedValues(account, 0);
    this.hot = new HotValues(account, 0);
    this.tags = new SessionTags(account);
    this.recency = new RecencyList(0);
    this.unsavedUses = new RecencyList(0);
    this.#createdAtMs = new Float64Array(0);
    this.#lastUsedAtMs = new Float64Array(0);
    this.#idleTimeoutMs = new Float64Array(0);
    this.#endsAtMs = new Float64Array(0);
    this.#versions = new Uint32Array(0);
    this.#namespaceOf = new Uint16Array(0);
    this.#isOwn = new Uint8Array(0);
    this.#links = new Uint32Array(0);
    this.#free = new FreeSlots(this.#links);
  }

  /** The columns, the lists and the index; not the values. */
  get bytes(): number {
    return bytesFor(this.#links.length);
  }

  get items(): number {
    return this.recency.length;
  }

  /** Slots that were ever in use: a sweep looks at these. */
  get top(): number {
    return this.#free.top;
  }

  /** A free slot, or -1 when the account refuses more of them. */
  take(): number {
    if (this.#free.isEmpty) this.#grow();
    return this.#free.take();
  }

  /** Gives back a slot that `take` gave and `fill` has not been called for. */
  untake(slot: number): void {
    this.#free.give(slot);
  }

  /** Makes `slot` the session `id`; its value is set already, and its tags are paid for. */
  fill(slot: number, id: string, fields: SessionFields): void {
    this.#createdAtMs[slot] = fields.createdAtMs;
    this.#lastUsedAtMs[slot] = fields.lastUsedAtMs;
    this.#idleTimeoutMs[slot] = fields.idleTimeoutMs;
    this.#endsAtMs[slot] = fields.endsAtMs;
    this.#versions[slot] = fields.version;
    this.#namespaceOf[slot] = this.#namespaceNumber(fields.namespace);
    this.#isOwn[slot] = fields.isOwn ? 1 : 0;
    if (fields.tags !== "") this.tags.set(slot, fields.tags);
    this.ids.add(id, slot);
    this.recency.touch(slot);
  }

  clear(slot: number): void {
    this.ids.remove(slot);
    this.recency.remove(slot);
    this.unsavedUses.remove(slot);
    this.hot.drop(slot);
    this.values.clear(slot);
    this.tags.clear(slot);
    this.untake(slot);
  }

  fields(slot: number): SessionFields {
    return {
      namespace: this.namespace(slot),
      isOwn: this.isOwn(slot),
      createdAtMs: this.#createdAtMs[slot] ?? 0,
      lastUsedAtMs: this.lastUsedAtMs(slot),
      idleTimeoutMs: this.#idleTimeoutMs[slot] ?? 0,
      endsAtMs: this.endsAtMs(slot),
      version: this.version(slot),
      tags: this.tags.of(slot),
    };
  }

  namespace(slot: number): string {
    return this.#namespaces[this.#namespaceOf[slot] ?? 0] ?? "";
  }

  isOwn(slot: number): boolean {
    return this.#isOwn[slot] === 1;
  }

  isIn(slot: number, namespace: string): boolean {
    return this.#namespaces[this.#namespaceOf[slot] ?? 0] === namespace;
  }

  lastUsedAtMs(slot: number): number {
    return this.#lastUsedAtMs[slot] ?? 0;
  }

  expiresAtMs(slot: number): number {
    return Math.min(this.lastUsedAtMs(slot) + (this.#idleTimeoutMs[slot] ?? 0), this.endsAtMs(slot));
  }

  endsAtMs(slot: number): number {
    return this.#endsAtMs[slot] ?? 0;
  }

  /** Whether all that `terms` name is so already. */
  hasTerms(slot: number, { idleTimeoutMs, endsAtMs, tags }: SessionTerms): boolean {
    if (idleTimeoutMs !== undefined && idleTimeoutMs !== this.#idleTimeoutMs[slot]) return false;
    if (tags !== undefined && tags !== this.tags.of(slot)) return false;
    return endsAtMs === undefined || endsAtMs === this.endsAtMs(slot);
  }

  /** Tags that are named are paid for already. */
  setTerms(slot: number, { idleTimeoutMs, endsAtMs, tags }: SessionTerms): void {
    if (idleTimeoutMs !== undefined) this.#idleTimeoutMs[slot] = idleTimeoutMs;
    if (endsAtMs !== undefined) this.#endsAtMs[slot] = endsAtMs;
    if (tags !== undefined) this.tags.set(slot, tags);
  }

  version(slot: number): number {
    return this.#versions[slot] ?? 0;
  }

  use(slot: number, atMs: number): void {
    this.#lastUsedAtMs[slot] = atMs;
    this.recency.touch(slot);
  }

  bumpVersion(slot: number): void {
    this.#versions[slot] = (this.#versions[slot] ?? 0) + 1;
  }

  /** Namespaces are few (one per tenant with a key) and stay known. */
  #namespaceNumber(namespace: string): number {
    const known = this.#namespaces.indexOf(namespace);
    if (known >= 0) return known;
    if (this.#namespaces.length > 0xffff) throw new RangeError("more than 65,536 namespaces hold sessions");
    return this.#namespaces.push(namespace) - 1;
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, Math.ceil(this.#links.length * GROWTH));
    if (!this.#account.tryReserve(bytesFor(capacity) - bytesFor(this.#links.length))) return;
    this.ids.grow(capacity);
    this.values.grow(capacity);
    this.hot.grow(capacity);
    this.recency.grow(capacity);
    this.unsavedUses.grow(capacity);
    this.#createdAtMs = grown(this.#createdAtMs, capacity);
    this.#lastUsedAtMs = grown(this.#lastUsedAtMs, capacity);
    this.#idleTimeoutMs = grown(this.#idleTimeoutMs, capacity);
    this.#endsAtMs = grown(this.#endsAtMs, capacity);
    this.#versions = grown(this.#versions, capacity);
    this.#namespaceOf = grown(this.#namespaceOf, capacity);
    this.#isOwn = grown(this.#isOwn, capacity);
    this.#links = grown(this.#links, capacity);
    this.#free.grow(this.#links);
  }
}

function bytesFor(capacity: number): number {
  if (capacity === 0) return 0;
  const perSlot =
    FIELD_BYTES_PER_SLOT + 2 * RecencyList.BYTES_PER_SLOT + PackedValues.BYTES_PER_SLOT + HotValues.BYTES_PER_SLOT;
  return capacity * perSlot + IdIndex.bytesFor(capacity);
}
