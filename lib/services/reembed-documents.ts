import type { DocumentSummary } from "../ports/document-rows.ts";
import { AppError } from "../shared/errors.ts";
import { unpackText } from "../stores/rag/document-text.ts";
import { WORDS_VERSION } from "../stores/rag/index-words.ts";
import { groupDocuments } from "./group-documents.ts";
import type { DocumentIngest, IngestDocument } from "./ingest-document.ts";
import type { RagParts } from "./rag-parts.ts";

const PAGE = 100;
/** What is embedded in one call for several documents: as many chunks as a call takes, and so much text. A larger one is embedded alone. */
const TOGETHER = { chunks: 64, characters: 256 * 1024 };
/** Namespaces whose last job is remembered; beyond it the oldest that has ended is forgotten. */
export const MAX_KEPT_JOBS = 1_000;

export interface ReembedJob {
  state: "idle" | "running" | "completed" | "failed";
  model: string;
  total: number;
  done: number;
  error: string | null;
  startedAtMs: number | null;
  finishedAtMs: number | null;
}

/**
 * Chunks and embeds a namespace's documents again after the model or its token limit has changed, one document per transaction, small ones embedded together. It can stop
 * at any point; the documents that remain still have the old model or the old chunks. Unchanged chunks are not embedded again.
 */
export class Reembedding {
  readonly #parts: RagParts;
  readonly #ingest: DocumentIngest;
  readonly #jobs = new Map<string, ReembedJob>();
  /** Those that are being counted, each for a request that waits. */
  readonly #starting = new Map<string, Promise<ReembedJob>>();
  #isClosed = false;

  constructor(parts: RagParts, ingest: DocumentIngest) {
    this.#parts = parts;
    this.#ingest = ingest;
  }

  state(namespace: string): ReembedJob {
    const idle: ReembedJob = {
      state: "idle",
      model: this.#model,
      total: 0,
      done: 0,
      error: null,
      startedAtMs: null,
      finishedAtMs: null,
    };
    return this.#jobs.get(namespace) ?? idle;
  }

  /** Starts the job, or joins the one that runs or is being counted. @throws {AppError} `overloaded`; then the last job stays known. */
  start(namespace: string): Promise<ReembedJob> {
    const under = this.#starting.get(namespace) ?? this.#begin(namespace);
    this.#starting.set(namespace, under);
    return under.finally(() => this.#starting.delete(namespace));
  }

  async #begin(namespace: string): Promise<ReembedJob> {
    const running = this.#jobs.get(namespace);
    if (running?.state === "running") return running;
    const { documents, reading } = this.#parts;
    const model = this.#model;
    const current = { model, readingLimit: reading.maxTokens, wordsVersion: WORDS_VERSION };
    const total = await documents.countOutdated(namespace, current);
    const startedAtMs = this.#parts.clock.nowMs();
    const job: ReembedJob = { state: "running", model, total, done: 0, error: null, startedAtMs, finishedAtMs: null };
    this.#remember(namespace, job);
    void this.#run(namespace, job);
    return job;
  }

  #remember(namespace: string, job: ReembedJob): void {
    if (!this.#jobs.has(namespace) && this.#jobs.size >= MAX_KEPT_JOBS) this.#forgetOne();
    this.#jobs.delete(namespace);
    this.#jobs.set(namespace, job);
  }

  #forgetOne(): void {
    for (const [name, { state }] of this.#jobs) {
      if (state === "running") continue;
      this.#jobs.delete(name);
      return;
    }
    throw new AppError("overloaded", `${MAX_KEPT_JOBS} namespaces are already being re-embedded. Retry later.`, {
      retryAfterSeconds: 60,
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  get #model(): string {
    return this.#parts.embedder.state().model.id;
  }

  /** Of another model, cut without a look at what the model reads (the end of a dense chunk was not embedded then), or its words in another way. */
  #isOutdated({ model, readingLimit, wordsVersion }: DocumentSummary): boolean {
    const isCut = readingLimit === this.#parts.reading.maxTokens;
    return model !== this.#model || !isCut || wordsVersion !== WORDS_VERSION;
  }

  async #run(namespace: string, job: ReembedJob): Promise<void> {
    try {
      for (let afterRowId = 0; !this.#isClosed; ) {
        const page = await this.#parts.documents.walk(namespace, afterRowId, PAGE);
        for (const group of groupDocuments(
          page.filter((document) => this.#isOutdated(document)),
          TOGETHER,
        )) {
          if (group.length > 1 && !this.#isClosed) await this.#embedAhead(namespace, group);
          for (const document of group) if (!this.#isClosed) await this.#reembed(namespace, document, job);
        }
        const last = page.at(-1);
        if (last === undefined || page.length < PAGE) break;
        afterRowId = last.rowId;
      }
      job.state = this.#isClosed ? "failed" : "completed";
    } catch (error) {
      job.state = "failed";
      job.error = error instanceof AppError ? error.message : "The job met a fault; start it again to go on.";
    }
    job.finishedAtMs = this.#parts.clock.nowMs();
  }

  /** Their vectors are stored by their texts then, where each document finds its own. A fault is told by the document that has it. */
  async #embedAhead(namespace: string, group: readonly DocumentSummary[]): Promise<void> {
    try {
      const read = await Promise.all(group.map(({ id }) => this.#read(namespace, id)));
      await this.#ingest.embedAhead(
        namespace,
        read.filter((document) => document !== null),
      );
    } catch {
      // Each is embedded by itself, and the first that cannot be ends the job with its reason.
    }
  }

  async #reembed(namespace: string, { id }: DocumentSummary, job: ReembedJob): Promise<void> {
    // Read under the document's lock, since it may have been removed or replaced since the page was read.
    await this.#ingest.reembed(namespace, id, () => this.#read(namespace, id));
    job.done++;
  }

  async #read(namespace: string, wanted: string): Promise<IngestDocument | null> {
    const { documents } = this.#parts;
    const now = await documents.find(namespace, wanted);
    const bytes = now === null || !this.#isOutdated(now) ? null : await documents.text(now.rowId);
    if (now === null || bytes === null) return null;
    const { id, source, page, language, metadata, chunkSize: size, chunkOverlap: overlap } = now;
    return { id, text: await unpackText(bytes), source, page, language, metadata, chunking: { size, overlap } };
  }
}
