import type { Embedder, EmbedderState, EmbeddingLane } from "../../ports/embedder.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { HelperProcess, type HelperProgram } from "./helper-process.ts";
import { type QueueBounds, type TextBatch, TextQueue } from "./text-queue.ts";

export interface EmbeddedEmbedderOptions {
  program: HelperProgram;
  clock: Clock;
  queue: QueueBounds;
  /** The helper ends when nothing was asked of it for this long. */
  idleMs: number;
  /** Preparing the model for the first time is part of a start. */
  startTimeoutMs: number;
  batchTimeoutMs: number;
}

const MODEL = { id: "all-MiniLM-L6-v2/q8", dimensions: 384 } as const;

/**
 * The embedded model behind a helper process that starts with the first text, ends when idle, and is started again if it
 * dies: the batch it died on is tried once more, then fails.
 */
export class EmbeddedEmbedder implements Embedder {
  readonly #options: EmbeddedEmbedderOptions;
  readonly #queue: TextQueue;
  #helper: HelperProcess | null = null;
  #isReady = false;
  #isWorking = false;
  #isClosed = false;
  #isFailing = false;
  #cancelIdle: () => void = () => undefined;
  #embeddedTexts = 0;
  #starts = 0;

  constructor(options: EmbeddedEmbedderOptions) {
    this.#options = options;
    this.#queue = new TextQueue(options.queue);
  }

  async embed(texts: readonly string[], lane: EmbeddingLane, signal?: AbortSignal): Promise<Float32Array[]> {
    if (texts.length === 0) return [];
    if (this.#isClosed) throw new AppError("shutting-down", "The embedding model is closed.");
    const vectors = this.#queue.add(texts, lane, signal);
    void this.#work();
    return await vectors;
  }

  state(): EmbedderState {
    return {
      kind: "embedded",
      model: MODEL,
      state: this.#stateName(),
      runtime: this.#helper?.runtime ?? null,
      processId: this.#helper?.processId ?? null,
      memoryBytes: this.#helper?.memoryBytes ?? 0,
      queuedTexts: this.#queue.texts,
      maxQueuedTexts: this.#queue.bounds.maxTexts,
      embeddedTexts: this.#embeddedTexts,
      starts: this.#starts,
    };
  }

  async rest(): Promise<boolean> {
    if (this.#isWorking || this.#helper === null) return false;
    await this.#end();
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue.failAll(new AppError("shutting-down", "The server is shutting down."));
    await this.#end();
  }

  #stateName(): EmbedderState["state"] {
    if (this.#helper === null) return this.#isFailing ? "failing" : "stopped";
    return this.#isReady ? "ready" : "starting";
  }

  /** One loop at a time takes batches until none is left. */
  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#cancelIdle();
    for (let batch = this.#queue.take(); batch !== undefined; batch = this.#queue.take()) await this.#encode(batch);
    this.#isWorking = false;
    this.#cancelIdle = this.#options.clock.after(this.#options.idleMs, () => void this.rest());
  }

  async #encode(batch: TextBatch): Promise<void> {
    try {
      const helper = await this.#started();
      const vectors = await this.#within(this.#options.batchTimeoutMs, helper.encode(batch.texts));
      this.#embeddedTexts += vectors.length;
      this.#isFailing = false;
      batch.settle({ vectors });
    } catch (cause) {
      await this.#end("SIGKILL");
      batch.attempts++;
      if (batch.attempts < 2 && !this.#isClosed) this.#queue.putBack(batch);
      else {
        this.#isFailing = true;
        batch.settle({ error: new AppError("upstream-failed", "The embedding model failed twice on this.", { cause }) });
      }
    }
  }

  async #started(): Promise<HelperProcess> {
    if (this.#helper === null) {
      const helper: HelperProcess = new HelperProcess(this.#options.program, () => this.#forget(helper));
      this.#helper = helper;
      this.#isReady = false;
      this.#starts++;
    }
    const helper = this.#helper;
    if (!this.#isReady) await this.#within(this.#options.startTimeoutMs, helper.ready);
    this.#isReady = true;
    return helper;
  }

  #forget(helper: HelperProcess): void {
    if (this.#helper === helper) this.#helper = null;
  }

  async #end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#cancelIdle();
    const helper = this.#helper;
    this.#helper = null;
    await helper?.end(signal);
  }

  async #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    let cancel: () => void = () => undefined;
    const expired = new Promise<never>((_, reject) => {
      cancel = this.#options.clock.after(limitMs, () => reject(new Error("The embedding helper took too long.")));
    });
    try {
      return await Promise.race([work, expired]);
    } finally {
      cancel();
    }
  }
}
