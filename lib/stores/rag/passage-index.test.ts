import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PassageVector } from "../../ports/passage-vectors.ts";
import { PassageVectorsInMemory } from "../../testing/passage-vectors-in-memory.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { PassageIndex } from "./passage-index.ts";
import { dotWithCode, encodeVector, normalize } from "./vector-code.ts";

const DIMENSIONS = 32;

function random(seed: number, dimensions = DIMENSIONS): Float32Array {
  let state = seed * 2_654_435_761;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return normalize(Float32Array.from({ length: dimensions }, next));
}

function bestOf(
  rows: readonly PassageVector[],
  query: Float32Array,
  k: number,
  allows: ((id: number) => boolean) | null,
): number[] {
  return rows
    .filter(({ documentId }) => allows === null || allows(documentId))
    .map(({ id, vector }) => ({ id, score: dotWithCode(query, vector) }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, k)
    .map(({ id }) => id);
}

describe("PassageIndex", () => {
  it("finds what a scan of all rows finds, after any adds, removals, evictions and refusals, within what was granted", async () => {
    const operation = fc.record({
      kind: fc.constantFrom("open", "add", "remove", "search", "filter", "evict"),
      scope: fc.constantFrom("a", "b"),
      count: fc.integer({ min: 1, max: 900 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { maxLength: 30 }),
        fc.constantFrom(0, 30_000, 90_000, 131_072, 300_000, 10_000_000),
        async (operations, ceiling) => {
          const source = new PassageVectorsInMemory();
          const account = new TestAccount(ceiling ?? Number.MAX_SAFE_INTEGER, "rag");
          const index = new PassageIndex(source, account, async () => undefined);
          let [nextId, nextDocument] = [1, 1];
          for (const { kind, scope, count } of operations) {
            const rows = source.of(scope);
            if (kind === "add") {
              const documentId = nextDocument++;
              const added = Array.from({ length: count }, () => ({
                id: nextId,
                documentId,
                vector: encodeVector(random(nextId++)),
              }));
              rows.push(...added);
              index.add(scope, added);
            } else if (kind === "remove" && rows.length > 0) {
              const documentId = rows[count % rows.length]?.documentId ?? 0;
              source.scopes.set(
                scope,
                rows.filter((row) => row.documentId !== documentId),
              );
              index.removeDocuments(scope, [documentId]);
            } else if (kind === "open") {
              await index.open(scope, DIMENSIONS);
            } else if (kind === "evict") {
              const predicted = index.predictEviction(count * 100);
              expect(index.evict(count * 100)).toEqual(predicted);
            } else {
              const query = random(count + 1_000_000);
              const allows = kind === "filter" ? (documentId: number) => documentId % 2 === 0 : null;
              const found = await index.search(scope, query, 10, allows);
              expect(found.map(({ id }) => id)).toEqual(bestOf(source.of(scope), query, 10, allows));
            }
            expect(account.grantedBytes).toBe(index.bytes);
            expect(index.bytes).toBeLessThanOrEqual(ceiling);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("misses nothing that is written while it reads a scope for the first time", async () => {
    const source = new PassageVectorsInMemory();
    const row = (id: number, documentId: number) => ({ id, documentId, vector: encodeVector(random(id)) });
    source.of("a").push(...Array.from({ length: 2_500 }, (_, at) => row(at + 10, 1)));
    const index = new PassageIndex(source, new TestAccount(Number.MAX_SAFE_INTEGER, "rag"), async () => undefined);
    const searching = index.search("a", random(5), 3, null);
    // One with a smaller id than those read, one with a larger, and the removal of all the others.
    const late = [row(5, 2), row(9_999, 3)];
    source.scopes.set("a", [...late]);
    index.removeDocuments("a", [1]);
    index.add("a", late);
    await searching;
    const found = await index.search("a", random(5), 3, null);
    expect(found.map(({ id }) => id)).toEqual([5, 9_999]);
  });

  it.each([4_096, 4_112])(
    "finds the best of vectors of %i numbers, in memory or from the database",
    async (dimensions) => {
      const source = new PassageVectorsInMemory();
      const rows = Array.from({ length: 120 }, (_, at) => ({
        id: at + 1,
        documentId: at + 1,
        vector: encodeVector(random(at + 1, dimensions)),
      }));
      source.scopes.set("long", rows);
      const index = new PassageIndex(source, new TestAccount(), async () => undefined);
      const query = random(999, dimensions);
      const found = await index.search("long", query, 10, null);
      expect(found.map(({ id }) => id)).toEqual(bestOf(rows, query, 10, null));
    },
  );

  it("gives all memory back with the last document of the last scope", async () => {
    const account = new TestAccount(Number.MAX_SAFE_INTEGER, "rag");
    const index = new PassageIndex(new PassageVectorsInMemory(), account, async () => undefined);
    await index.open("a", DIMENSIONS);
    index.add("a", [{ id: 1, documentId: 7, vector: encodeVector(random(1)) }]);
    index.removeDocuments("a", [7]);
    expect(index.counters.scopes).toBe(0);
    expect(account.grantedBytes).toBe(0);
  });
});

describe("PassageIndex with more passages than it scans between two yields", () => {
  const WIDE = 1_024;
  const rows = Array.from({ length: 4_200 }, (_, at) => ({
    id: at + 1,
    documentId: Math.ceil((at + 1) / 5),
    vector: encodeVector(random(at + 1, WIDE)),
  }));

  /** @param meanwhile runs where a scan yields for the first time. */
  function open(meanwhile: (index: PassageIndex, source: PassageVectorsInMemory) => void) {
    const source = new PassageVectorsInMemory();
    source.scopes.set("a", [...rows]);
    const account = new TestAccount(Number.MAX_SAFE_INTEGER, "rag");
    let yields = 0;
    const index: PassageIndex = new PassageIndex(source, account, async () => {
      if (yields++ === 0) meanwhile(index, source);
    });
    return { source, account, index, yields: () => yields };
  }

  it("scores what a filter lets through, and all else, as their 8-bit codes do, in dimensions + 20 bytes a passage", async () => {
    const { account, index } = open(() => undefined);
    for (const allows of [null, (id: number) => id % 3 === 0, (id: number) => id > 836, (id: number) => id === 400]) {
      const query = random(9_999_999, WIDE);
      const found = await index.search("a", query, 200, allows);
      expect(found.slice(0, 20).map(({ id }) => id)).toEqual(bestOf(rows, query, 20, allows));
      const documents = rows.filter(({ documentId }) => allows === null || allows(documentId));
      expect(found.length).toBe(Math.min(200, documents.length));
      for (const { id, documentId, score } of found) {
        expect(documentId).toBe(rows[id - 1]?.documentId);
        expect(score).toBeCloseTo(dotWithCode(query, rows[id - 1]?.vector ?? new Uint8Array()), 2);
      }
    }
    expect(account.grantedBytes).toBeLessThan(rows.length * (WIDE + 20) * 1.02 + 131_072);
  });

  it("answers whole though its memory is taken while it scans, and leaves none of it behind", async () => {
    const { account, index, yields } = open((one) => one.evict(Number.POSITIVE_INFINITY));
    const query = random(4_200, WIDE);
    const found = await index.search("a", query, 10, null);
    expect(yields()).toBeGreaterThan(0);
    expect(index.counters.diskScans).toBe(1);
    expect(found.map(({ id }) => id)).toEqual(bestOf(rows, query, 10, null));
    expect(account.grantedBytes).toBe(0);
  });

  it("finds passages that a removal moves to where its scan has been", async () => {
    const { index, source, yields } = open((one, { scopes }) => {
      scopes.set("a", rows.slice(50));
      one.removeDocuments(
        "a",
        Array.from({ length: 10 }, (_, at) => at + 1),
      );
    });
    const query = random(4_200, WIDE);
    const found = await index.search("a", query, 10, null);
    expect(yields()).toBeGreaterThan(0);
    expect(index.counters.diskScans).toBe(0);
    expect(found.map(({ id }) => id)).toEqual(bestOf(source.of("a"), query, 10, null));
  });
});
