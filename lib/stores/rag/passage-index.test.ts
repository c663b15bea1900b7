import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PassageVector, PassageVectorSource } from "../../ports/passage-vectors.ts";
import { TestAccount } from "../../testing/test-account.ts";
import { PassageIndex } from "./passage-index.ts";
import { dotWithCode, encodeVector, normalize } from "./vector-code.ts";

const DIMENSIONS = 32;

function random(seed: number): Float32Array {
  let state = seed * 2_654_435_761;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return normalize(Float32Array.from({ length: DIMENSIONS }, next));
}

/** The database's part: rows by scope, in the order of their ids. */
class Rows implements PassageVectorSource {
  readonly scopes = new Map<string, PassageVector[]>();

  of(scope: string): PassageVector[] {
    const rows = this.scopes.get(scope) ?? [];
    this.scopes.set(scope, rows);
    return rows;
  }

  async page(scope: string, afterId: number, limit: number): Promise<PassageVector[]> {
    return this.of(scope)
      .filter(({ id }) => id > afterId)
      .slice(0, limit);
  }

  async byId(scope: string, ids: readonly number[]): Promise<PassageVector[]> {
    return this.of(scope).filter(({ id }) => ids.includes(id));
  }
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
        fc.constantFrom(0, 30_000, 90_000, 10_000_000),
        async (operations, ceiling) => {
          const source = new Rows();
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
    const source = new Rows();
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
});
