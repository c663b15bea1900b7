import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, embedMany } from "ai";
import type { Embedder, EmbedderState, EmbeddingTurn } from "../../ports/embedder.ts";
import type { Clock } from "../../shared/clock.ts";
import { AppError } from "../../shared/errors.ts";
import { answeredVectors } from "./answered-vectors.ts";
import { type QueueBounds, type TextBatch, TextQueue } from "./text-queue.ts";

export interface RemoteEmbedderOptions {
  baseUrl: string;
  model: string;
  apiKey: string | undefined;
  clock: Clock;
  queue: QueueBounds;
  /** Requests under way at once. */
  concurrency: number;
  /** Of a batch, however often it is tried within; then all who wait are told as well. */
  timeoutMs: number;
  /** What fails at once is tried so often. */
  attempts: number;
  firstBackOffMs: number;
}

/** An OpenAI-compatible embedding service, its errors as ours: 502 when it fails, 504 when it takes too long. */
export class RemoteEmbedder implements Embedder {
  readonly #options: RemoteEmbedderOptions;
  readonly #queue: TextQueue;
  readonly #provider: ReturnType<typeof createOpenAICompatible>;
  readonly #closing = new AbortController();
  #dimensions: number | null = null;
  #running = 0;
  #isFailing = false;
  #embeddedTexts = 0;

  constructor(options: RemoteEmbedderOptions) {
    this.#options = options;
    this.#queue = new TextQueue(options.queue);
    const { baseUrl: baseURL, apiKey } = options;
    this.#provider = createOpenAICompatible({
      name: "embeddings",
      baseURL,
      ...(apiKey === undefined ? {} : { apiKey }),
    });
  }

  async embed(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]> {
    if (texts.length === 0) return [];
    if (this.#closing.signal.aborted) throw new AppError("shutting-down", "The server is shutting down.");
    const vectors = this.#queue.add(texts, turn, signal);
    while (this.#running < this.#options.concurrency && this.#queue.texts > 0) void this.#work();
    return await vectors;
  }

  state(): EmbedderState {
    return {
      kind: "remote",
      model: { id: this.#options.model, dimensions: this.#dimensions },
      state: this.#isFailing ? "failing" : "ready",
      runtime: null,
      processId: null,
      memoryBytes: 0,
      queuedTexts: this.#queue.texts,
      maxQueuedTexts: this.#queue.bounds.maxTexts,
      embeddedTexts: this.#embeddedTexts,
      starts: 0,
    };
  }

  restableBytes(): number {
    return 0;
  }

  async rest(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    const error = new AppError("shutting-down", "The server is shutting down.");
    this.#closing.abort(error);
    this.#queue.failAll(error);
  }

  async #work(): Promise<void> {
    this.#running++;
    for (let batch = this.#queue.take(); batch !== undefined; batch = this.#queue.take()) await this.#settle(batch);
    this.#running--;
  }

  async #settle(batch: TextBatch): Promise<void> {
    try {
      const vectors = await this.#tried(batch.texts);
      this.#isFailing = false;
      this.#embeddedTexts += vectors.length;
      batch.settle({ vectors });
    } catch (error) {
      this.#isFailing = true;
      batch.settle({ error });
      // Each of those behind it would wait as long, one after another.
      if (error instanceof AppError && error.code === "upstream-timeout") this.#queue.failAll(error);
    }
  }

  /** Tries again after what may pass, waiting twice as long each time; a refusal is final. */
  async #tried(texts: readonly string[]): Promise<Float32Array[]> {
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#ask(texts, deadline);
      } catch (error) {
        const isLast = attempt >= this.#options.attempts || this.#closing.signal.aborted || deadline.aborted;
        if (isLast || !mayPass(error)) throw this.#toAppError(error);
        await this.#wait(this.#options.firstBackOffMs * 2 ** (attempt - 1));
      }
    }
  }

  async #ask(texts: readonly string[], deadline: AbortSignal): Promise<Float32Array[]> {
    const { responses } = await embedMany({
      model: this.#provider.embeddingModel(this.#options.model),
      values: [...texts],
      maxRetries: 0,
      abortSignal: AbortSignal.any([this.#closing.signal, deadline]),
    });
    // Read from the answer itself: the SDK ignores `index` and does not count.
    const vectors = answeredVectors(responses?.[0]?.body, texts.length);
    const dimensions = vectors[0]?.length ?? 0;
    if (this.#dimensions !== null && this.#dimensions !== dimensions)
      throw new AppError(
        "upstream-failed",
        `The embedding service changed from ${this.#dimensions} to ${dimensions} dimensions.`,
      );
    this.#dimensions = dimensions;
    return vectors;
  }

  /** A little sooner or later than told, so that many servers do not come back in one moment. */
  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(delayMs * (0.8 + Math.random() * 0.4), resolve));
  }

  #toAppError(error: unknown): AppError {
    if (error instanceof AppError) return error;
    const closed = this.#closing.signal.reason;
    if (closed instanceof AppError) return closed;
    if (isTimeout(error))
      return new AppError("upstream-timeout", `The embedding service took longer than ${this.#options.timeoutMs} ms.`, {
        cause: error,
      });
    const status = APICallError.isInstance(error) ? error.statusCode : undefined;
    const said =
      status === undefined
        ? "did not respond"
        : status < 400
          ? "responded without embeddings"
          : `responded with status ${status}`;
    return new AppError("upstream-failed", `The embedding service ${said}.`, { cause: error });
  }
}

/** No answer, a time-out, too many requests, or a fault of the service's: all may be over in a moment. */
function mayPass(error: unknown): boolean {
  if (error instanceof AppError) return false;
  if (isTimeout(error)) return true;
  // fetch fails with a TypeError when there is no connection.
  if (!APICallError.isInstance(error)) return error instanceof TypeError;
  const { statusCode } = error;
  return statusCode === undefined || statusCode === 408 || statusCode === 429 || statusCode >= 500;
}

function isTimeout(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (cause.name === "TimeoutError") return true;
  return false;
}
