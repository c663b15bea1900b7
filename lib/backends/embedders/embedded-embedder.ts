import type { Embedder, EmbedderState, EmbeddingTurn } from "../../ports/embedder.ts";
import type { MemoryAccount } from "../../ports/memory-account.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { HelperProcess, type HelperProgram } from "./helper-process.ts";
import { type QueueBounds, type TextBatch, TextQueue } from "./text-queue.ts";

export interface EmbeddedEmbedderOptions {
  program: HelperProgram;
  clock: Clock;
  queue: QueueBounds;
  /** The helper's resident memory is granted here. */
  account: MemoryAccount;
  /** Called with each helper's process id; what it returns, when that helper has ended. */
  onStart: (processId: number) => () => void;
  /** The helper ends when nothing was asked of it for this long. */
  idleMs: number;
  /** Preparing the model for the first time is part of a start. */
  startTimeoutMs: number;
  batchTimeoutMs: number;
}

/** What a helper takes once the model is loaded and has worked (measured, `bench/rag`): asked for before it starts. */
const START_BYTES = 116 * 1024 * 1024;
/** How long a helper may take to end when it is told to. */
const KILL_AFTER_MS = 5_000;
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
  #unregister: () => void = () => undefined;
  #granted = 0;
  #ending: Promise<void> = Promise.resolve();
  #embeddedTexts = 0;
  #starts = 0;

  constructor(options: EmbeddedEmbedderOptions) {
    this.#options = options;
    this.#queue = new TextQueue(options.queue);
  }

  async embed(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]> {
    if (texts.length === 0) return [];
    if (this.#isClosed) throw new AppError("shutting-down", "The embedding model is closed.");
    const vectors = this.#queue.add(texts, turn, signal);
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

  restableBytes(): number {
    return this.#isWorking || this.#helper === null ? 0 : this.#granted;
  }

  async rest(): Promise<number> {
    const bytes = this.restableBytes();
    if (bytes > 0) await this.#end();
    return bytes;
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
      this.#follow(helper.memoryBytes);
      const vectors = await this.#within(this.#options.batchTimeoutMs, helper.encode(batch.texts));
      this.#embeddedTexts += vectors.length;
      this.#isFailing = false;
      this.#follow(helper.memoryBytes);
      batch.settle({ vectors });
    } catch (cause) {
      if (cause instanceof AppError) {
        batch.settle({ error: cause });
        return;
      }
      await this.#end("SIGKILL");
      batch.attempts++;
      if (batch.attempts < 2 && !this.#isClosed) this.#queue.putBack(batch);
      else {
        this.#isFailing = true;
        batch.settle({
          error: new AppError("upstream-failed", "The embedding model failed twice on this text.", { cause }),
        });
      }
    }
  }

  async #started(): Promise<HelperProcess> {
    // The one before gives its memory back first.
    await this.#ending;
    if (this.#helper === null) {
      if (!this.#options.account.tryReserve(START_BYTES))
        throw new AppError("memory-pressure", "Not enough memory for the embedding model right now. Retry later.", {
          retryAfterSeconds: 10,
        });
      this.#granted = START_BYTES;
      const helper: HelperProcess = new HelperProcess(this.#options.program, () => this.#forget(helper));
      this.#helper = helper;
      this.#isReady = false;
      this.#starts++;
      if (helper.processId !== null) this.#unregister = this.#options.onStart(helper.processId);
    }
    const helper = this.#helper;
    if (!this.#isReady) await this.#within(this.#options.startTimeoutMs, helper.ready);
    this.#isReady = true;
    return helper;
  }

  /** Keeps the grant at what the helper really holds; what the ledger refuses shows as unattributed. */
  #follow(memoryBytes: number): void {
    const more = memoryBytes - this.#granted;
    if (memoryBytes === 0) return;
    if (more < 0) this.#options.account.release(-more);
    if (more < 0 || this.#options.account.tryReserve(more)) this.#granted = memoryBytes;
  }

  /** Called once for each helper, when its process is gone. */
  #forget(helper: HelperProcess): void {
    if (this.#helper === helper) this.#helper = null;
    this.#unregister();
    this.#unregister = () => undefined;
    this.#options.account.release(this.#granted);
    this.#granted = 0;
  }

  async #end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#cancelIdle();
    const helper = this.#helper;
    this.#helper = null;
    if (helper !== null) {
      // A process that is stopped or hangs takes no other signal.
      const cancelKill = this.#options.clock.after(KILL_AFTER_MS, () => void helper.end("SIGKILL"));
      this.#ending = helper.end(signal).finally(cancelKill);
    }
    await this.#ending;
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
