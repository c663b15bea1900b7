import { isSameQuestion } from "./same-question.ts";

interface Remembered {
  /** Every parameter of the query but its question. */
  parameters: string;
  question: string;
  vector: Float32Array;
  key: string;
}

/** Below this the model itself finds the questions different. */
const LEAST_COSINE = 0.9;

/**
 * Finds the cached answer of a question that was asked in other words: near by the model, and the same by a guard that refuses
 * look-alikes. Holds at most `maxItems` questions; the oldest goes first.
 */
export class SemanticCache {
  readonly #maxItems: number;
  readonly #remembered: Remembered[] = [];

  constructor(maxItems: number) {
    this.#maxItems = maxItems;
  }

  get items(): number {
    return this.#remembered.length;
  }

  /** The exact cache's keys of the same question, most alike first. */
  find(question: string, vector: Float32Array, parameters: string): string[] {
    return this.#remembered
      .filter((other) => other.parameters === parameters && other.vector.length === vector.length)
      .map((other) => ({ other, cosine: dot(vector, other.vector) }))
      .filter(({ other, cosine }) => cosine >= LEAST_COSINE && isSameQuestion(question, other.question))
      .sort((a, b) => b.cosine - a.cosine)
      .map(({ other }) => other.key);
  }

  remember(question: string, vector: Float32Array, parameters: string, key: string): void {
    const place = this.#remembered.findIndex((other) => other.key === key);
    if (place >= 0) this.#remembered.splice(place, 1);
    this.#remembered.push({ parameters, question, vector, key });
    while (this.#remembered.length > this.#maxItems) this.#remembered.shift();
  }

  clear(): void {
    this.#remembered.length = 0;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
