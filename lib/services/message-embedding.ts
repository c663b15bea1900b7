import type { MessageRow } from "../ports/conversation-rows.ts";
import type { MessageIndexRows } from "../ports/message-index-rows.ts";
import { chunkText } from "../stores/rag/chunk-text.ts";
import type { EmbeddingCache } from "../stores/rag/embedding-cache.ts";
import type { PassageIndex } from "../stores/rag/passage-index.ts";
import type { Reading } from "./rag-parts.ts";

export interface MessageEmbeddingParts {
  messageRows: MessageIndexRows;
  messageIndex: PassageIndex;
  embeddings: EmbeddingCache;
  reading: Reading;
  /** Told of a namespace's first failure, and again of the first after a page of its own that went well. */
  onMessagesWait(namespace: string, error: unknown): void;
}

/** Messages of one page, and what their texts may come to: one that is longer goes alone. */
const PAGE_MESSAGES = 32;
const PAGE_CHARACTERS = 65_536;
/** A message is one window where the model reads all of it. */
const WINDOWS = { size: 8_000, overlap: 800 };
/** Texts that go to the model at once. A question that comes meanwhile waits for these, and for no more. */
const TEXTS_PER_CALL = 4;
/** Namespaces that wait their turn; the next search of one that found no place asks again. */
const MAX_WAITING = 10_000;
/** Namespaces of which it is known that their failure was told; one that was forgotten is told again. */
const MAX_FAILING = 1_000;

/**
 * Embeds messages, and indexes the words of those that an earlier version stored: in the background, one page at a
 * time, in turn
 * for all namespaces that were searched. Results are on disk, so a stop loses one page; the next search starts it
 * again.
 */
export class MessageEmbedding {
  readonly #parts: MessageEmbeddingParts;
  readonly #waiting = new Set<string>();
  #running: Promise<void> | null = null;
  readonly #closing = new AbortController();
  /** Those whose last page failed, the longest known first. */
  readonly #failing = new Set<string>();

  constructor(parts: MessageEmbeddingParts) {
    this.#parts = parts;
  }

  /** Namespaces with messages to embed, the one at work among them. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Asks for a namespace's messages; returns at once. */
  start(namespace: string): void {
    if (this.#closing.signal.aborted || this.#waiting.size >= MAX_WAITING) return;
    this.#waiting.add(namespace);
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  /** Resolves when nothing is under way any more. */
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
    const { messageRows, messageIndex } = this.#parts;
    const isEarlierLeft = await messageRows.indexEarlier(namespace);
    const rows = await messageRows.pending(namespace, PAGE_MESSAGES, PAGE_CHARACTERS);
    if (rows.length === 0) return isEarlierLeft;
    const messages: { rowId: number; windows: Uint8Array[] }[] = [];
    for (const row of rows) messages.push({ rowId: row.rowId, windows: await this.#embed(namespace, row) });
    messageIndex.add(namespace, await messageRows.setWindows(namespace, messages));
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
