import type { MemoryAccount } from "../../ports/memory-account.ts";
import { decoderBytes } from "../../shared/decoder-bytes.ts";
import { inflate, isInflatedAtOnce } from "./encodings.ts";

/**
 * Inflates bodies, a few at a time: a decoder and its result may take far more than the body. Each is granted its memory first; who
 * is refused waits in line. The first in line goes when no other is under way, granted or not, so that reads go on under
 * pressure: beyond the account there is at most one at a time.
 */
export class Inflations {
  readonly #account: MemoryAccount;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(account: MemoryAccount) {
    this.#account = account;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * @param mostBytes bounds what comes out.
   * @throws as `inflate` does.
   */
  async run(bytes: Uint8Array, encoding: "gzip" | "br", mostBytes: number): Promise<Buffer> {
    if (isInflatedAtOnce(mostBytes)) return inflate(bytes, encoding, mostBytes);
    // What comes out is in pieces first, and in one buffer then.
    const cost = decoderBytes(encoding, bytes) + 2 * mostBytes;
    const granted = await this.#begin(cost);
    try {
      return await inflate(bytes, encoding, mostBytes);
    } finally {
      this.#underWay -= 1;
      if (granted) this.#account.release(cost);
      this.#waiting.shift()?.();
    }
  }

  /** @returns whether the account granted it. */
  async #begin(cost: number): Promise<boolean> {
    let isNext = this.#waiting.length === 0;
    for (;;) {
      const granted = isNext && this.#account.tryReserve(cost);
      if (granted || (isNext && this.#underWay === 0)) {
        this.#underWay += 1;
        // There may be room for the next one too.
        if (granted) queueMicrotask(() => this.#waiting.shift()?.());
        return granted;
      }
      // Who was woken in vain keeps its place.
      await new Promise<void>((resolve) => (isNext ? this.#waiting.unshift(resolve) : this.#waiting.push(resolve)));
      isNext = true;
    }
  }
}
