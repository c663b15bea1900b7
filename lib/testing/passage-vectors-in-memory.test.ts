import { describePassageVectors, type FilledVectors } from "../ports/passage-vectors.contract.ts";
import { PassageVectorsInMemory } from "./passage-vectors-in-memory.ts";

describePassageVectors("passages in memory", async () => {
  const source = new PassageVectorsInMemory();
  let lastId = 0;
  const rows: FilledVectors = {
    source,
    async put(scope, vectors) {
      const documentId = lastId + 1;
      const written = vectors.map((vector) => ({ id: ++lastId, documentId, vector }));
      source.of(scope).push(...written);
      return written;
    },
    async removeDocument(scope, documentId) {
      source.scopes.set(
        scope,
        source.of(scope).filter((row) => row.documentId !== documentId),
      );
    },
  };
  return { rows, reopen: async () => rows };
});
