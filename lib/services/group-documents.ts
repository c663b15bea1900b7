import type { DocumentSummary } from "../ports/document-rows.ts";

type Sized = Pick<DocumentSummary, "chunkCount" | "characters">;

/** Documents in their order, as many to a group as the limits let; one that is over a limit by itself is a group alone. */
export function* groupDocuments<Document extends Sized>(
  documents: readonly Document[],
  most: { chunks: number; characters: number },
): Generator<Document[]> {
  let group: Document[] = [];
  let [chunks, characters] = [0, 0];
  for (const document of documents) {
    chunks += Math.max(1, document.chunkCount);
    characters += document.characters;
    if (group.length > 0 && (chunks > most.chunks || characters > most.characters)) {
      yield group;
      group = [];
      [chunks, characters] = [Math.max(1, document.chunkCount), document.characters];
    }
    group.push(document);
  }
  if (group.length > 0) yield group;
}
