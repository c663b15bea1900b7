import type { Clock } from "../shared/clock.ts";
import { Stopped } from "./stream-failure.ts";

/** Who sends nothing for so long loses its place; the stream can be gone on with. */
export const SILENCE_MS = 60_000;

interface Listener {
  onBytes(count: number): void;
  /** Nothing came for `SILENCE_MS`, while more was waited for: a slow store is no fault of the sender's. */
  onSilence(reason: Stopped): void;
}

/** The body's bytes as they come. @throws {Stopped} when its sender goes away. */
export async function* receivedBody(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  { onBytes, onSilence }: Listener,
): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  const next = () => {
    const heard = clock.after(SILENCE_MS, () => onSilence(silent()));
    return iterator.next().finally(heard);
  };
  try {
    for (let chunk = await next(); !chunk.done; chunk = await next()) {
      onBytes(chunk.value.length);
      yield chunk.value;
    }
  } catch {
    throw new Stopped("interrupted", "client-gone", "The client went away before the end.");
  } finally {
    iterator.return?.()?.catch(() => undefined);
  }
}

function silent(): Stopped {
  const message = `Nothing came for ${SILENCE_MS / 1000} s: go on from the Upload-Offset.`;
  return new Stopped("interrupted", "client-silent", message, "request-timeout");
}
