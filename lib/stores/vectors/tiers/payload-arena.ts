import type { MemoryAccount } from "../../../ports/memory-account.ts";

const CHUNK_BYTES = 65_536;
const HEADER_BYTES = 10;
const FREED = -1;

class Chunk {
  readonly bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  end = 0;
  live = 0;
}

export interface Payload {
  id: string;
  /** JSON text, or null where the point has none. */
  metadata: string | null;
}

/**
 * Ids and metadata of hot vectors as UTF-8, packed: no object per vector. An entry is its owner's handle (i32), the lengths of the id (u16)
 * and of the metadata (u32), and their bytes. A chunk that is less than half alive is emptied into the others, so garbage stays below the
 * live bytes plus one chunk; each byte moved was paid for by a byte freed.
 */
export class PayloadArena {
  readonly #account: MemoryAccount;
  readonly #moved: (handle: number, offset: number) => void;
  readonly #chunks: (Chunk | undefined)[] = [];
  #current = -1;
  #held = 0;

  /** @param moved is told where an owner's entry lies now. */
  constructor(account: MemoryAccount, moved: (handle: number, offset: number) => void) {
    this.#account = account;
    this.#moved = moved;
  }

  get bytes(): number {
    return this.#held * CHUNK_BYTES;
  }

  /** Stores a payload for `handle`; its offset, or -1 when the account refuses. An entry is at most 256 + 16,384 bytes. */
  add(handle: number, payload: Payload): number {
    const id = Buffer.from(payload.id, "utf8");
    const metadata = payload.metadata === null ? null : Buffer.from(payload.metadata, "utf8");
    const size = HEADER_BYTES + id.length + (metadata?.length ?? 0);
    const at = this.#claim(size);
    if (at < 0) return -1;
    const { bytes } = this.#chunk(at);
    const start = at % CHUNK_BYTES;
    bytes.writeInt32LE(handle, start);
    bytes.writeUInt16LE(id.length, start + 4);
    bytes.writeUInt32LE(metadata?.length ?? 0, start + 6);
    id.copy(bytes, start + HEADER_BYTES);
    metadata?.copy(bytes, start + HEADER_BYTES + id.length);
    return at;
  }

  id(offset: number): string {
    const { bytes } = this.#chunk(offset);
    const start = (offset % CHUNK_BYTES) + HEADER_BYTES;
    return bytes.toString("utf8", start, start + bytes.readUInt16LE(start - 6));
  }

  metadata(offset: number): string | null {
    const { bytes } = this.#chunk(offset);
    const start = offset % CHUNK_BYTES;
    const length = bytes.readUInt32LE(start + 6);
    if (length === 0) return null;
    const from = start + HEADER_BYTES + bytes.readUInt16LE(start + 4);
    return bytes.toString("utf8", from, from + length);
  }

  /** Bytes that the entry takes. */
  sizeAt(offset: number): number {
    return entryBytes(this.#chunk(offset).bytes, offset % CHUNK_BYTES);
  }

  /** The owner has another handle now. */
  rename(offset: number, handle: number): void {
    this.#chunk(offset).bytes.writeInt32LE(handle, offset % CHUNK_BYTES);
  }

  remove(offset: number): void {
    const number = Math.floor(offset / CHUNK_BYTES);
    const chunk = this.#chunk(offset);
    const start = offset % CHUNK_BYTES;
    chunk.bytes.writeInt32LE(FREED, start);
    chunk.live -= entryBytes(chunk.bytes, start);
    if (chunk.live === 0) this.#release(number);
    else if (number !== this.#current && chunk.live * 2 < CHUNK_BYTES) this.#evacuate(number);
  }

  /** Empties a chunk into the others. Where the account refuses room it is left as it is. */
  #evacuate(number: number): void {
    const chunk = this.#chunks[number];
    if (!chunk) return;
    for (let start = 0; start < chunk.end; ) {
      const size = entryBytes(chunk.bytes, start);
      const handle = chunk.bytes.readInt32LE(start);
      if (handle !== FREED) {
        const at = this.#claim(size);
        if (at < 0) return;
        chunk.bytes.copy(this.#chunk(at).bytes, at % CHUNK_BYTES, start, start + size);
        chunk.bytes.writeInt32LE(FREED, start);
        chunk.live -= size;
        this.#moved(handle, at);
      }
      start += size;
    }
    this.#release(number);
  }

  #claim(size: number): number {
    let chunk = this.#chunks[this.#current];
    if (!chunk || chunk.end + size > CHUNK_BYTES) {
      if (!this.#account.tryReserve(CHUNK_BYTES)) return -1;
      const full = this.#current;
      const empty = this.#chunks.indexOf(undefined);
      this.#current = empty < 0 ? this.#chunks.length : empty;
      chunk = new Chunk();
      this.#chunks[this.#current] = chunk;
      this.#held++;
      // The chunk that was current may have become garbage while it was; what lives of it fits the new one with room to spare.
      const left = this.#chunks[full];
      if (left && left.live * 2 < CHUNK_BYTES) this.#evacuate(full);
    }
    const at = this.#current * CHUNK_BYTES + chunk.end;
    chunk.end += size;
    chunk.live += size;
    return at;
  }

  #release(number: number): void {
    const chunk = this.#chunks[number];
    if (!chunk) return;
    if (number === this.#current) {
      chunk.end = 0;
      if (this.#held > 1) return;
      this.#current = -1;
    }
    this.#chunks[number] = undefined;
    this.#held--;
    this.#account.release(CHUNK_BYTES);
  }

  #chunk(offset: number): Chunk {
    const chunk = this.#chunks[Math.floor(offset / CHUNK_BYTES)];
    if (!chunk) throw new RangeError(`no payload at ${offset}`);
    return chunk;
  }
}

function entryBytes(bytes: Buffer, start: number): number {
  return HEADER_BYTES + bytes.readUInt16LE(start + 4) + bytes.readUInt32LE(start + 6);
}
