import type { MessageRow } from "../ports/conversation-rows.ts";
import type { MessageIndexRows, MessageWindows } from "../ports/message-index-rows.ts";
import type { KeyedLock } from "../shared/keyed-lock.ts";
import { chunkText } from "../stores/rag/chunk-text.ts";
import type { EmbeddingCache } from "../stores/rag/embedding-cache.ts";
import type { PassageIndex } from "../stores/rag/passage-index.ts";
import type { Reading } from "./rag-parts.ts";

export interface MessageEmbeddingParts {
  messageRows: MessageIndexRows;
  messageIndex: PassageIndex;
  windowTurns: KeyedLock;
  embeddings: EmbeddingCache;
  reading: Reading;
  /** Called on a namespace's first failure, and again on the first failure after a successful page. */
  onMessagesWait(namespace: string, error: unknown): void;
}

/** Messages per page, and the maximum characters of their texts; a longer message is a page of its own. */
const PAGE_MESSAGES = 32;
const PAGE_CHARACTERS = 65_536;
/** A message is one window if the model reads it completely. */
const WINDOWS = { size: 8_000, overlap: 800 };
/** Texts sent to the model at once. A question that arrives meanwhile waits only for these. */
const TEXTS_PER_CALL = 4;
/** Maximum number of waiting namespaces; one that found no place is queued by its next search. */
const MAX_WAITING = 10_000;
/** Maximum number of namespaces whose reported failure is remembered; a forgotten one is reported again. */
const MAX_FAILING = 1_000;

/**
 * Embeds messages, and indexes the words of those that an earlier version stored: in the background, one page at a
 * time, in turn for all namespaces that were searched. Results are on disk, so a stop loses one page; the next search
 * starts it again.
 */
export class MessageEmbedding {
  readonly #parts: MessageEmbeddingParts;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | null = null;
  readonly #closing = new AbortController();
  /** Namespaces whose last page failed, the longest known first. */
  readonly #failing = new Set<string>();

  constructor(parts: MessageEmbeddingParts) {
    this.#parts = parts;
  }

  /** Namespaces with messages to embed, including the one in progress. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Queues the embedding of a namespace's messages; returns at once. */
  start(namespace: string): void {
    if (this.#closing.signal.aborted || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(namespace);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when no work is in progress. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#waiting.clear();
    await this.idle();
  }

  async #run(): Promise<void> {
    for (const namespace of this.#turns()) {
      try {
        const isLeft = await this.#page(namespace);
        this.#failing.delete(namespace);
        if (!isLeft) this.#waiting.delete(namespace);
      } catch (error) {
        // The model or the disk refuses for now: messages are still found by keyword, and the next search tries again.
        this.#waiting.delete(namespace);
        if (!this.#closing.signal.aborted) this.#tell(namespace, error);
      }
    }
  }

  #tell(namespace: string, error: unknown): void {
    if (this.#failing.has(namespace)) return;
    this.#parts.onMessagesWait(namespace, error);
    for (const longest of this.#failing) {
      if (this.#failing.size < MAX_FAILING) break;
      this.#failing.delete(longest);
    }
    this.#failing.add(namespace);
  }

  *#turns(): Generator<string> {
    while (this.#waiting.size > 0) yield* [...this.#waiting];
  }

  /** @returns whether more may be left. */
  async #page(namespace: string): Promise<boolean> {
    const { messageRows, messageIndex, windowTurns } = this.#parts;
    const isEarlierLeft = await messageRows.indexEarlier(namespace);
    const rows = await messageRows.pending(namespace, PAGE_MESSAGES, PAGE_CHARACTERS);
    if (rows.length === 0) return isEarlierLeft;
    const messages: MessageWindows[] = [];
    for (const row of rows)
      messages.push({ rowId: row.rowId, version: row.version, windows: await this.#embed(namespace, row) });
    await windowTurns.run(namespace, async () => {
      messageIndex.add(namespace, await messageRows.setWindows(namespace, messages));
    });
    return true;
  }

  async #embed(namespace: string, { content }: MessageRow): Promise<Uint8Array[]> {
    const readable = await this.#parts.reading.load();
    const texts = chunkText(content, WINDOWS, readable).map(({ start, end }) => content.slice(start, end));
    const codes: Uint8Array[] = [];
    for (let from = 0; from < texts.length; from += TEXTS_PER_CALL) {
      const part = texts.slice(from, from + TEXTS_PER_CALL);
      const answer = await this.#parts.embeddings.embed(part, { lane: "background", namespace }, this.#closing.signal);
      codes.push(...answer.codes);
    }
    return codes;
  }
}
