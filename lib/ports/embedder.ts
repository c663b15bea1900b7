/** The lane of a text: questions go before documents, and background embedding of messages goes last. */
export type EmbeddingLane = "query" | "ingest" | "background";

/** The namespace and lane of the texts. Within a lane, namespaces take turns. */
export interface EmbeddingTurn {
  readonly lane: EmbeddingLane;
  readonly namespace: string;
}

/** Vectors of different models cannot be compared, so each vector is stored with its model's name. */
export interface EmbeddingModel {
  readonly id: string;
  /** Null until a remote model has responded once. */
  readonly dimensions: number | null;
}

export interface EmbedderState {
  readonly kind: "embedded" | "remote";
  readonly model: EmbeddingModel;
  /** `stopped` is the idle state of the helper process, which starts with the next text. */
  readonly state: "stopped" | "starting" | "ready" | "failing";
  /** The runtime of the model: `native` or `wasm`, once a helper process has reported it. */
  readonly runtime: string | null;
  readonly processId: number | null;
  /** Resident memory of the helper process; 0 when there is none. */
  readonly memoryBytes: number;
  readonly queuedTexts: number;
  readonly maxQueuedTexts: number;
  readonly embeddedTexts: number;
  readonly starts: number;
}

/** Turns texts into vectors of unit length. */
export interface Embedder {
  /**
   * One vector per text, in order. An empty list does not call the model.
   *
   * @throws {AppError} `overloaded` when the queue is full or the namespace has used its share, `upstream-failed` or `upstream-timeout` when the model does not respond.
   */
  embed(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]>;
  state(): EmbedderState;
  /** Bytes that `rest` would free now; 0 while work is in progress. */
  restableBytes(): number;
  /** Stops the helper if no work is in progress; it starts again with the next text. @returns bytes freed. */
  rest(): Promise<number>;
  close(): Promise<void>;
}
