/** What was told of a key while an answer about it was under way. */
export interface KeyWatch {
  /** The highest version that was told of; infinite after a removal, and when news were lost. */
  version: number;
  /** Something was told. */
  isTold: boolean;
}

/**
 * Watches keys while a question about them is under way: news may overtake the answer, since they come another way. As many are
 * held as questions are under way.
 */
export class KeyWatches {
  readonly #byKey = new Map<string, Set<KeyWatch>>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Runs a question; its answer is as of before what `watch` was told. */
  async during<T>(key: string, ask: (watch: KeyWatch) => Promise<T>): Promise<T> {
    const watch: KeyWatch = { version: 0, isTold: false };
    const watches = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, watches.add(watch));
    try {
      return await ask(watch);
    } finally {
      watches.delete(watch);
      if (watches.size === 0 && this.#byKey.get(key) === watches) this.#byKey.delete(key);
    }
  }

  tell(key: string, version: number): void {
    for (const watch of this.#byKey.get(key) ?? []) {
      watch.version = Math.max(watch.version, version);
      watch.isTold = true;
    }
  }

  tellAll(): void {
    for (const key of this.#byKey.keys()) this.tell(key, Number.POSITIVE_INFINITY);
  }
}
