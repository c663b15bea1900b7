import { constants, createInflateRaw, type InflateRaw, inflateRawSync, type ZlibOptions } from "node:zlib";
import { KIB } from "../../shared/bytes.ts";

/** What Node's stream wraps. It is not documented, but minizlib and pngjs live by it, and it has had this form since Node 11. */
interface ZlibHandle {
  reset(): void;
  writeSync(
    flush: number,
    from: Uint8Array,
    at: number,
    bytes: number,
    to: Uint8Array,
    toAt: number,
    room: number,
  ): void;
}

interface Context {
  stream: InflateRaw;
  handle: ZlibHandle;
  /** After a write: room left in the output, input left over. */
  left: Uint32Array;
}

/**
 * Inflates many small values with one dictionary, in one zlib context that is kept. `inflateRawSync` makes a stream and a context
 * for each value and lets both go, which is four fifths of what reading a packed session of 2 KB costs.
 */
export class Inflater {
  /** A window of 32 KiB, zlib's state, and Node's copy of a dictionary of 8 KiB. */
  static readonly BYTES = 48 * KIB;
  readonly #options: ZlibOptions;
  readonly #context: Context | null;

  constructor(options: ZlibOptions) {
    this.#options = options;
    this.#context = open(options);
  }

  /**
   * @param rawLength the value's own length, which sizes the output exactly.
   * @throws {Error} when `bytes` are damaged, or come to another length.
   */
  inflate(bytes: Uint8Array, rawLength: number): Buffer {
    // Damaged input has ended the stream, and its handle must not be touched again.
    if (!this.#context || this.#context.stream.destroyed) return this.#inflateOnce(bytes, rawLength);
    const { stream, handle, left } = this.#context;
    const raw = Buffer.allocUnsafeSlow(rawLength);
    handle.reset();
    handle.writeSync(constants.Z_FINISH, bytes, 0, bytes.length, raw, 0, rawLength);
    if (stream.destroyed || left[0] !== 0 || left[1] !== 0) throw new RangeError(`not a value of ${rawLength} bytes`);
    return raw;
  }

  close(): void {
    this.#context?.stream.close();
  }

  #inflateOnce(bytes: Uint8Array, rawLength: number): Buffer {
    // One byte more than comes out: zlib allocates a second chunk when the first is exactly full.
    const raw = inflateRawSync(bytes, { ...this.#options, chunkSize: Math.max(64, rawLength + 1) });
    if (raw.length !== rawLength) throw new RangeError(`not a value of ${rawLength} bytes`);
    return raw;
  }
}

/** Null where Node's streams no longer look like this: then each value gets a context of its own. */
function open(options: ZlibOptions): Context | null {
  const stream = createInflateRaw({ ...options, chunkSize: 64 });
  const { _handle: handle, _writeState: left } = stream as unknown as { _handle?: unknown; _writeState?: unknown };
  if (!isHandle(handle) || !(left instanceof Uint32Array)) return null;
  stream.on("error", () => {
    // Told by a throw to whoever asked for the value.
  });
  return { stream, handle, left };
}

function isHandle(value: unknown): value is ZlibHandle {
  const { reset, writeSync } = (value ?? {}) as Partial<ZlibHandle>;
  return typeof reset === "function" && typeof writeSync === "function";
}
