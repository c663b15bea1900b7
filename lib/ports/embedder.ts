/** Which lane a text waits in: a person's question goes before a load of documents, and messages that nobody waits for go last. */
export type EmbeddingLane = "query" | "ingest" | "background";

/** For whom texts wait: within a lane the namespaces take turns. */
export interface EmbeddingTurn {
  readonly lane: EmbeddingLane;
  readonly namespace: string;
}

/** Vectors of two models cannot be compared: the model's name is kept with each. */
export interface EmbeddingModel {
  readonly id: string;
  /** Null until a remote model has answered once. */
  readonly dimensions: number | null;
}

export interface EmbedderState {
  readonly kind: "embedded" | "remote";
  readonly model: EmbeddingModel;
  /** `stopped` is the rest state of the helper process: it starts with the next text. */
  readonly state: "stopped" | "starting" | "ready" | "failing";
  /** What runs the model: `native` or `wasm` once a helper process has said so. */
  readonly runtime: string | null;
  readonly processId: number | null;
  /** Resident memory of the helper process; 0 when there is none. */
  readonly memoryBytes: number;
  readonly queuedTexts: number;
  readonly maxQueuedTexts: number;
  readonly embeddedTexts: number;
  readonly starts: number;
}

/** Turns texts into vectors of length one. */
export interface Embedder {
  /**
   * One vector per text, in order. An empty list asks nothing of the model.
   *
   * @throws {AppError} `overloaded` when the queue is full or the namespace has its share of it, `upstream-failed` or `upstream-timeout` when the model does not answer.
   */
  embed(texts: readonly string[], turn: EmbeddingTurn, signal?: AbortSignal): Promise<Float32Array[]>;
  state(): EmbedderState;
  /** What `rest` would give back now: 0 while something is under way. */
  restableBytes(): number;
  /** Ends the helper, if nothing is under way; it starts again with the next text. @returns bytes given back. */
  rest(): Promise<number>;
  close(): Promise<void>;
}
