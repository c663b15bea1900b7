/** From V8 12 on (Node 22) a collection leaves pages in a pool that no figure shows; before, they went back to the system by themselves. */
const FIRST_WITH_POOL = 12;

/** The most that the heap had committed since its free pages were last given back: what RSS may still hold of it. Holds one number. */
export class HeapPeak {
  readonly #keepsPages: boolean;
  readonly #heapTotal: () => number;
  #bytes = 0;

  constructor(heapTotal: () => number, v8Version: string = process.versions.v8) {
    this.#heapTotal = heapTotal;
    this.#keepsPages = Number.parseInt(v8Version, 10) >= FIRST_WITH_POOL;
  }

  /** Bytes; undefined where V8 keeps nothing. */
  read(): number | undefined {
    this.note();
    return this.#keepsPages ? this.#bytes : undefined;
  }

  /** At most so many bytes of free pages are kept beside the heap. */
  keptBytes(): number {
    const peak = this.read();
    return peak === undefined ? 0 : peak - this.#heapTotal();
  }

  /** Called often enough that no peak passes unseen. */
  note(): void {
    this.#bytes = Math.max(this.#bytes, this.#heapTotal());
  }

  gaveBack(): void {
    this.#bytes = this.#heapTotal();
  }
}
