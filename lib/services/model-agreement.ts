import type { DocumentRows } from "../ports/document-rows.ts";
import type { Embedder } from "../ports/embedder.ts";
import { AppError } from "../shared/errors.ts";

/**
 * Checks that a namespace's vectors come from the current model, since vectors of different models cannot be compared.
 */
export class ModelAgreement {
  readonly #documents: DocumentRows;
  readonly #embedder: Embedder;
  /** Namespaces known to agree, with their model. */
  readonly #agreed = new Map<string, string>();

  constructor(documents: DocumentRows, embedder: Embedder) {
    this.#documents = documents;
    this.#embedder = embedder;
  }

  /** @throws {AppError} `conflict` that names both models and the remedy. */
  async require(namespace: string): Promise<void> {
    const model = this.#embedder.state().model.id;
    if (this.#agreed.get(namespace) === model) return;
    const others = (await this.#documents.models(namespace)).filter((other) => other.model !== model);
    const [other] = others;
    if (other !== undefined) {
      const count = others.reduce((sum, { documents }) => sum + documents, 0);
      throw new AppError(
        "conflict",
        `${count} documents have vectors of the model ${other.model}; this server embeds with ${model}. Re-embed them with POST /api/v1/rag/reembed, or search with mode "keyword".`,
      );
    }
    this.#agreed.set(namespace, model);
  }
}
