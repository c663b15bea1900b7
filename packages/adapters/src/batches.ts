interface Bounds {
  items: number;
  characters: number;
}

/** What one request appends: its body may have 8 MB, and a character takes up to 3 bytes of it. */
export const APPENDED: Bounds = { items: 100, characters: 2_500_000 };

/** Items in their order, as many at a time as fit into one request; one that is larger goes alone. */
export function* batchesOf<Item>(
  items: readonly Item[],
  most: Bounds,
  sizeOf: (item: Item) => number,
): Generator<Item[], void, undefined> {
  let batch: Item[] = [];
  let characters = 0;
  for (const item of items) {
    const size = sizeOf(item);
    if (batch.length > 0 && (batch.length >= most.items || characters + size > most.characters)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(item);
    characters += size;
  }
  if (batch.length > 0) yield batch;
}

/** What an item takes as JSON. */
export const jsonLength = (item: unknown): number => JSON.stringify(item).length;
