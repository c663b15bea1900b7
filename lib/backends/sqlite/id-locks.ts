/** Lets writes of different ids run side by side, and those that share an id one after the other, in the order they came. */
export class IdLocks {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` once no earlier work on any of the ids is under way. Ids are taken all at once, so nothing can deadlock. */
  async hold<Value>(ids: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const before = new Set<Promise<void>>();
    let release: () => void = () => undefined;
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const id of ids) {
      const last = this.#last.get(id);
      // An id may be named twice: nobody waits for itself.
      if (last && last !== mine) before.add(last);
      this.#last.set(id, mine);
    }
    try {
      await Promise.all(before);
      return await work();
    } finally {
      for (const id of ids) if (this.#last.get(id) === mine) this.#last.delete(id);
      release();
    }
  }
}
