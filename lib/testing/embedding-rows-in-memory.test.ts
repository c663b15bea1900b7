import { describeEmbeddingRows } from "../ports/embedding-rows.contract.ts";
import { EmbeddingRowsInMemory } from "./embedding-rows-in-memory.ts";

describeEmbeddingRows("embeddings in memory", async () => {
  const rows = new EmbeddingRowsInMemory();
  return { rows, reopen: async () => rows };
});
