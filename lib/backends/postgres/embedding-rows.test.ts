import { describeEmbeddingRows } from "../../ports/embedding-rows.contract.ts";
import { createEmbeddingRows } from "../sqlite/embedding-rows.ts";
import { describePostgres, newStorage } from "./testing/new-storage.ts";

describePostgres("the rows of embeddings, with a Postgres server", () => {
  const storage = newStorage();

  describeEmbeddingRows("embeddings in Postgres", () => storage(createEmbeddingRows));
});
