import { MessageChannel } from "node:worker_threads";

/** Smaller pieces may lie in a pool that they share, and are no burden. */
const WORTH_IT_BYTES = 16 * 1024;

/** A port that nobody listens to: what is sent to it is dropped at once. */
const nowhere = ((): MessageChannel["port1"] => {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.unref();
  return port1;
})();

/**
 * Frees the memory of a chunk that nobody needs any more, now and not at some collection: `chunk` is empty afterwards.
 *
 * V8 counts memory outside of its heap, and answers its growth with a full collection of everything: a body at full speed brings about
 * one every 20 MB, which stalls all other requests for tens of milliseconds. Transferring a buffer takes its memory away from
 * the heap's books; `ArrayBuffer.prototype.transfer` would do the same, but Node 20 has none.
 */
export function releaseBytes(chunk: Uint8Array): void {
  const { buffer, byteLength } = chunk;
  if (byteLength < WORTH_IT_BYTES || buffer.byteLength !== byteLength || !(buffer instanceof ArrayBuffer)) return;
  nowhere.postMessage(null, [buffer]);
}
