import type { Encoding, Representation } from "../../ports/cache-store.ts";
import { ByteArena } from "../bytes/byte-arena.ts";
import { blockBytes } from "../bytes/slab.ts";
import type { BudgetAccount } from "../core/budget-account.ts";
import type { Ask, Owner, Owners } from "../core/owners.ts";
import { type BodyForm, type HeldBody, tagFor } from "./held-body.ts";
import type { Inflations } from "./inflations.ts";

/** Slabs take memory in steps; what a body needs is rounded up to one. */
const STEP_BYTES = 64 * 1024;
const SMALL_STEP_BYTES = 16 * 1024;

/** The bodies of the cache, in slabs that give their pages back. A body leaves when no entry holds it any more. */
export class BodyArena {
  readonly #account: BudgetAccount;
  readonly #arena: ByteArena;
  readonly #owners: Owners;
  /** Lets the least worthy entry go; false when there is none. */
  readonly #evictOne: (ask: Ask) => boolean;

  constructor(account: BudgetAccount, owners: Owners, evictOne: (ask: Ask) => boolean) {
    this.#account = account;
    this.#owners = owners;
    this.#arena = new ByteArena(account);
    this.#evictOne = evictOne;
  }

  /** What a body of `bytes` may take of the account at most. */
  static mostBytesFor(bytes: number): number {
    const block = blockBytes(bytes);
    const step = block > 8 * SMALL_STEP_BYTES ? STEP_BYTES : SMALL_STEP_BYTES;
    return Math.ceil(block / step) * step + SMALL_STEP_BYTES;
  }

  /** Blocks that are held, without what is reserved around them. */
  get liveBytes(): number {
    return this.#arena.liveBytes;
  }

  get reclaimableBytes(): number {
    return this.#arena.reclaimableBytes();
  }

  /** Copies the bytes in, evicting as many entries as that takes; null when all of them would not do. */
  hold(bytes: Uint8Array, form: BodyForm, owner: Owner): HeldBody | null {
    const handle = this.#put(bytes, owner);
    if (handle === null) return null;
    const storedBytes = bytes.byteLength;
    this.#owners.add(owner, 0, storedBytes);
    const { identityBytes, identityTag, encoding, tag, state } = form;
    return { identityBytes, identityTag, encoding, tag, state, owner, handle, storedBytes, holders: 1 };
  }

  /** Exchanges the form held for a compressed one; false when it was released meanwhile, or there is no room. */
  exchange(body: HeldBody, bytes: Uint8Array, encoding: "gzip" | "br"): boolean {
    this.#account.holdSpare();
    const handle = this.#put(bytes, body.owner);
    this.#account.releaseSpare();
    if (handle === null) return false;
    // Making room may have released this very body.
    if (body.holders === 0) {
      this.#arena.free(handle);
      return false;
    }
    this.#arena.free(body.handle);
    body.handle = handle;
    this.#owners.add(body.owner, 0, bytes.byteLength - body.storedBytes);
    body.storedBytes = bytes.byteLength;
    body.encoding = encoding;
    body.tag = tagFor(bytes, encoding);
    body.state = "compressed";
    return true;
  }

  /** One entry fewer holds it. */
  release(body: HeldBody): void {
    body.holders -= 1;
    if (body.holders > 0) return;
    this.#arena.free(body.handle);
    this.#owners.add(body.owner, 0, -body.storedBytes);
  }

  /** The bytes held, copied: slabs move under what is held across an `await` or handed to a socket. */
  copy(body: HeldBody): Buffer {
    return this.#arena.copy(body.handle);
  }

  /** The same into a buffer of at least `body.storedBytes`. */
  copyInto(buffer: ArrayBuffer, body: HeldBody): Uint8Array {
    const copy = new Uint8Array(buffer, 0, body.storedBytes);
    copy.set(this.#arena.view(body.handle));
    return copy;
  }

  isSame(a: HeldBody, b: HeldBody): boolean {
    return (
      a.storedBytes === b.storedBytes && Buffer.compare(this.#arena.view(a.handle), this.#arena.view(b.handle)) === 0
    );
  }

  /** The body as the caller takes it: as held if it can, else identity. The copy is made before the first `await`. */
  async represent(body: HeldBody, accepts: readonly Encoding[], inflations: Inflations): Promise<Representation> {
    const { encoding, tag, identityTag, identityBytes } = body;
    const bytes = this.copy(body);
    if (encoding === "identity" || accepts.includes(encoding)) return { bytes, encoding, etag: tag };
    return { bytes: await inflations.run(bytes, encoding, identityBytes), encoding: "identity", etag: identityTag };
  }

  /** Gives back pages of one slab; 0 when there is no more to give. */
  compact(): number {
    return this.#arena.compact();
  }

  #put(bytes: Uint8Array, owner: Owner): number | null {
    const ask: Ask = { owner, measure: "bytes", more: bytes.byteLength };
    for (;;) {
      const handle = this.#arena.put(bytes);
      if (handle !== null || !this.#evictOne(ask)) return handle;
    }
  }
}
