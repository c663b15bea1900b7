interface Response {
  /** Parsed JSON, or the bytes of anything else. */
  value: unknown;
  isJson: boolean;
  mediaType: string;
  storedAt: number;
}

const MAX_ENTRIES = 100;
const TTL_MS = 300_000;

/** The last 100 responses as live objects, in a Map kept in order of use. */
export class BaselineCache {
  readonly #responses = new Map<string, Response>();

  get size(): number {
    return this.#responses.size;
  }

  get(key: string): Response | undefined {
    const found = this.#responses.get(key);
    if (!found) return undefined;
    this.#responses.delete(key);
    if (Date.now() - found.storedAt > TTL_MS) return undefined;
    this.#responses.set(key, found);
    return found;
  }

  /** True when the key is new. */
  set(key: string, response: Response): boolean {
    const isNew = !this.#responses.delete(key);
    this.#responses.set(key, response);
    const [oldest] = this.#responses.keys();
    if (this.#responses.size > MAX_ENTRIES && oldest !== undefined) this.#responses.delete(oldest);
    return isNew;
  }
}
