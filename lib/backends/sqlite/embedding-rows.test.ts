import { describeEmbeddingRows } from "../../ports/embedding-rows.contract.ts";
import { createEmbeddingRows } from "./embedding-rows.ts";
import { newStorage } from "./testing/new-storage.ts";

const storage = newStorage();

describeEmbeddingRows("embeddings in SQLite", () => storage(createEmbeddingRows));
