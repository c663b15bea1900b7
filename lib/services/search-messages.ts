import type { MessageRow } from "../ports/conversation-rows.ts";
import type { WindowVector } from "../ports/message-index-rows.ts";
import { MIB } from "../shared/bytes.ts";
import { AppError } from "../shared/errors.ts";
import { keywordExpression } from "../stores/rag/keyword-query.ts";
import { withNeighbours } from "../stores/rag/neighbour-scores.ts";
import { type Fused, sumScores } from "../stores/rag/score-fusion.ts";
import { dotWithCode } from "../stores/rag/vector-code.ts";
import type { MessageEmbedding } from "./message-embedding.ts";
import type { QueryMode } from "./query-documents.ts";
import type { RagParts } from "./rag-parts.ts";

export interface FoundMessage {
  conversationId: string;
  message: MessageRow;
  score: number;
}

export interface FoundMessages {
  matches: FoundMessage[];
  /** More were found than one answer takes. */
  isCut: boolean;
  /** Messages without a vector yet. */
  pending: number;
}

export interface MessageQuestion {
  query: string;
  k: number;
  conversationId: string | null;
  mode: QueryMode;
}

/** Candidates by meaning and by words each. */
const CANDIDATES = 200;
/** `pending` is counted up to here. */
const MAX_COUNTED = 10_000;
/**
 * While messages are still to be embedded, the model may be busy with them: how long a question waits for its own
 * vector.
 */
const MAX_WAIT_MS = 60;

/** Messages read at once, and the bytes at which an answer ends: a hundred of the longest would be hundreds of megabytes. */
const READ_AT_ONCE = 10;
const MOST_BYTES = 8 * MIB;

const ALL = { owner: null, prefix: null };

/**
 * Past messages by meaning and by words. What has no vector yet is found by its words, and embedded in the background.
 */
export class MessageSearch {
  readonly #parts: RagParts;
  readonly #embedding: MessageEmbedding;

  constructor(parts: RagParts, embedding: MessageEmbedding) {
    this.#parts = parts;
    this.#embedding = embedding;
  }

  /** @throws {AppError} `not-found` for the conversation, and the model's errors where its answer is waited for. */
  async search(namespace: string, question: MessageQuestion): Promise<FoundMessages> {
    const { conversations, messageRows } = this.#parts;
    const only = await this.#conversation(namespace, question.conversationId);
    if ((await conversations.matching(namespace, ALL, 0, 1)).length === 0)
      return { matches: [], isCut: false, pending: 0 };
    const pending = await messageRows.countPending(namespace, MAX_COUNTED);
    const ranked = await this.#rank(namespace, question, only, pending > 0);
    // Started last, so that the vector of this question is computed first.
    this.#embedding.start(namespace);
    return { ...(await this.#bestOf(ranked.slice(0, question.k))), pending };
  }

  async #conversation(namespace: string, id: string | null): Promise<number | null> {
    if (id === null) return null;
    const row = await this.#parts.conversations.find(namespace, id);
    if (row === null) throw new AppError("not-found", "No conversation has this id.");
    return row.rowId;
  }

  async #rank(namespace: string, question: MessageQuestion, only: number | null, isBehind: boolean): Promise<Fused[]> {
    const { query, mode, k } = question;
    const limit = Math.max(CANDIDATES, k);
    const { messageRows } = this.#parts;
    const expression = mode === "vector" ? null : await keywordExpression(query, messageRows.languages(namespace));
    const [words, vector] = await Promise.all([
      expression === null ? [] : messageRows.matchWords(namespace, expression, limit, only),
      mode === "keyword" ? null : this.#vector(namespace, query, mode === "hybrid" && isBehind),
    ]);
    if (mode === "keyword") return words;
    const meaning = vector === null ? [] : await this.#byMeaning(namespace, vector, limit, only);
    if (mode === "vector") return meaning;
    const others = vector === null ? [] : await this.#cosines(vector, words, meaning);
    const weight = 1;
    const fused =
      vector === null
        ? sumScores([{ weight, items: words }])
        : sumScores([
            { weight, items: [...meaning, ...others] },
            { weight, items: words },
          ]);
    const places = await messageRows.places(fused.map(({ id }) => id));
    return withNeighbours(fused, new Map(places.map(({ rowId, sequence }) => [rowId, sequence])));
  }

  /** Null when no message has a vector to compare with, or when the model is too busy with messages to answer soon. */
  async #vector(namespace: string, query: string, isHasty: boolean): Promise<Float32Array | null> {
    const { embeddings, messageRows, clock } = this.#parts;
    if (!(await messageRows.hasWindows(namespace))) return null;
    const vector = embeddings.embedOne(query, { lane: "query", namespace });
    if (!isHasty) return vector;
    let cancel: () => void = () => undefined;
    const expired = new Promise<null>((resolve) => {
      cancel = clock.after(MAX_WAIT_MS, () => resolve(null));
    });
    return Promise.race([vector.catch(() => null), expired]).finally(cancel);
  }

  /** The best window of each message. */
  async #byMeaning(namespace: string, vector: Float32Array, limit: number, only: number | null): Promise<Fused[]> {
    const { messageIndex, messageRows } = this.#parts;
    const allows = only === null ? null : (rowId: number) => rowId === only;
    const found = await messageIndex.search(namespace, vector, limit, allows);
    const rows = await messageRows.windows(found.map(({ id }) => id));
    return bestOf(rows, vector);
  }

  /** What only its words have found. */
  async #cosines(vector: Float32Array, words: readonly Fused[], meaning: readonly Fused[]): Promise<Fused[]> {
    const known = new Set(meaning.map(({ id }) => id));
    const ids = words.flatMap(({ id }) => (known.has(id) ? [] : [id]));
    return bestOf(await this.#parts.messageRows.windowsOf(ids), vector);
  }

  /** The best of them, until they come to the most that one answer takes; always one. */
  async #bestOf(ranked: readonly Fused[]): Promise<{ matches: FoundMessage[]; isCut: boolean }> {
    const matches: FoundMessage[] = [];
    let bytes = 0;
    for (let from = 0; from < ranked.length; from += READ_AT_ONCE) {
      for (const match of await this.#describe(ranked.slice(from, from + READ_AT_ONCE))) {
        bytes += sizeOf(match.message);
        if (bytes > MOST_BYTES && matches.length > 0) return { matches, isCut: true };
        matches.push(match);
      }
    }
    return { matches, isCut: false };
  }

  async #describe(ranked: readonly Fused[]): Promise<FoundMessage[]> {
    const { conversations } = this.#parts;
    const rows = new Map((await conversations.byRowId(ranked.map(({ id }) => id))).map((row) => [row.rowId, row]));
    const owners = await conversations.conversationIds([
      ...new Set([...rows.values()].map((row) => row.conversationRowId)),
    ]);
    const idOf = new Map(owners.map(({ rowId, id }) => [rowId, id]));
    return ranked.flatMap(({ id, score }) => {
      const message = rows.get(id);
      const conversationId = message && idOf.get(message.conversationRowId);
      return message === undefined || conversationId === undefined ? [] : [{ conversationId, message, score }];
    });
  }
}

const sizeOf = ({ content, parts, metadata }: MessageRow): number =>
  Buffer.byteLength(content) + jsonBytes(parts) + jsonBytes(metadata);
const jsonBytes = (value: object | null): number => (value === null ? 0 : Buffer.byteLength(JSON.stringify(value)));

function bestOf(windows: readonly WindowVector[], vector: Float32Array): Fused[] {
  const best = new Map<number, Fused>();
  for (const { rowId, conversationRowId, vector: code } of windows) {
    const score = dotWithCode(vector, code);
    const known = best.get(rowId);
    if (known === undefined || score > known.score)
      best.set(rowId, { id: rowId, documentId: conversationRowId, score });
  }
  return [...best.values()].sort((a, b) => b.score - a.score || a.id - b.id);
}
