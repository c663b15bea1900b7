import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { PassageVector, PassageVectorSource } from "./passage-vectors.ts";

/** A source with the means to fill it: how vectors come and go is each port's own. */
export interface FilledVectors {
  source: PassageVectorSource;
  /** Writes the vectors of one new document. */
  put: (scope: string, vectors: readonly Uint8Array[]) => Promise<readonly PassageVector[]>;
  removeDocument: (scope: string, documentId: number) => Promise<void>;
}

const bytesOf = (rows: readonly PassageVector[]) => rows.map(({ vector }) => [...vector]);
const idsOf = (rows: readonly PassageVector[]) => rows.map(({ id }) => id);
const some = (count: number) => Array.from({ length: count }, (_, at) => Uint8Array.of(at, 0, at));

/** What every PassageVectorSource must do. `fresh` makes an empty one; `reopen` opens the same storage again. */
export function describePassageVectors(
  name: string,
  fresh: () => Promise<{ rows: FilledVectors; reopen: () => Promise<FilledVectors> }>,
): void {
  describe(name, () => {
    let rows: FilledVectors;
    let reopen: () => Promise<FilledVectors>;
    const all = (scope: string) => rows.source.page(scope, 0, 1_000);
    beforeEach(async () => {
      ({ rows, reopen } = await fresh());
    });

    it("gives vectors back byte by byte, whatever their lengths, through a restart", async () => {
      const vector = fc.uint8Array({ minLength: 1, maxLength: 40 });
      let at = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(vector, { minLength: 1, maxLength: 12 }), async (vectors) => {
          const scope = `s${at++}`;
          const written = await rows.put(scope, vectors);
          const again = (await reopen()).source;
          const [found, named] = [await again.page(scope, 0, 100), await again.byId(scope, idsOf(written))];
          for (const got of [written, found, named.toSorted((a, b) => a.id - b.id)]) {
            expect(bytesOf(got)).toEqual(vectors.map((each) => [...each]));
            expect(got.map(({ id, documentId }) => ({ id, documentId }))).toEqual(
              written.map(({ id, documentId }) => ({ id, documentId })),
            );
          }
          expect(new Set(found.map(({ documentId }) => documentId)).size).toBe(1);
        }),
        { numRuns: 30 },
      );
    });

    it("gives pages in the order of ids, each row once, while others come and go", async () => {
      const [first, kept] = [await rows.put("n", some(13)), await rows.put("n", some(12))];
      const gone = await rows.put("n", some(3));
      await rows.put("m", some(5));
      const seen: number[] = [];
      for (let after = 0; ; ) {
        const page = await rows.source.page("n", after, 10);
        seen.push(...idsOf(page));
        if (page.length < 10) break;
        after = page.at(-1)?.id ?? 0;
        if (seen.length > 10) continue;
        await rows.removeDocument("n", gone[0]?.documentId ?? 0);
        await rows.put("n", some(1));
      }
      expect(seen.slice(0, 25)).toEqual([...idsOf(first), ...idsOf(kept)]);
      expect(seen).toEqual(idsOf(await all("n")));
      expect(await rows.source.page("n", seen.at(-1) ?? 0, 10)).toEqual([]);
    });

    it("keeps scopes apart, also where ids are named", async () => {
      const [ours, theirs] = [await rows.put("n", some(2)), await rows.put("m", some(3))];
      const both = [...idsOf(ours), ...idsOf(theirs)];
      expect(new Set(both).size).toBe(5);
      expect(idsOf(await rows.source.byId("n", both)).toSorted()).toEqual(idsOf(ours).toSorted());
      expect(idsOf(await all("m"))).toEqual(idsOf(theirs));
      expect([await all("unknown"), await rows.source.byId("unknown", both)]).toEqual([[], []]);
    });

    it("has nothing of a document that was removed, and gives no id to another, through a restart", async () => {
      const [kept, gone] = [await rows.put("n", some(2)), await rows.put("n", some(3))];
      await rows.removeDocument("n", gone[0]?.documentId ?? 0);
      rows = await reopen();
      expect(idsOf(await all("n"))).toEqual(idsOf(kept));
      expect(idsOf(await rows.source.byId("n", [...idsOf(kept), ...idsOf(gone)]))).toEqual(idsOf(kept));
      expect(await rows.source.byId("n", [])).toEqual([]);
      const later = await rows.put("n", some(3));
      expect(idsOf(later).filter((id) => idsOf([...kept, ...gone]).includes(id))).toEqual([]);
      expect([...kept, ...gone].map(({ documentId }) => documentId)).not.toContain(later[0]?.documentId);
    });
  });
}
