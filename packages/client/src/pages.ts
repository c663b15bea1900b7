import type { CallOptions, Query, Transport } from "./transport.ts";

export interface Page<Item> {
  items: Item[];
  /** Where the next page begins; null on the last. */
  nextCursor: string | null;
}

/**
 * A list on the server. `for await (const item of list)` walks all of it, one page in memory at a time; `page()` reads a
 * single page.
 */
export class List<Item> implements AsyncIterable<Item> {
  readonly #transport: Transport;
  readonly #path: string;
  readonly #query: Query;
  readonly #options: CallOptions;

  constructor(transport: Transport, path: string, query: Query, options: CallOptions) {
    this.#transport = transport;
    this.#path = path;
    this.#query = query;
    this.#options = options;
  }

  /** @param cursor `nextCursor` of the page before; the first page without it. */
  page(cursor?: string): Promise<Page<Item>> {
    return this.#transport.json("GET", this.#path, { query: { ...this.#query, cursor } }, this.#options);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.page(cursor);
      yield* items;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** All items at once. `most` bounds what that may take; more of them is an error, never a cut list. */
  async all(most = 10_000): Promise<Item[]> {
    const items: Item[] = [];
    for await (const item of this) {
      if (items.length >= most) throw new RangeError(`The list has more than ${most} items.`);
      items.push(item);
    }
    return items;
  }
}
