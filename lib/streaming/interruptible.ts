/**
 * `source`, until `signal` is aborted: then it throws the signal's reason at once, even while the source has nothing to give, and
 * lets the source go without waiting for it.
 */
export async function* interruptible<Chunk>(source: AsyncIterable<Chunk>, signal: AbortSignal): AsyncGenerator<Chunk> {
  const iterator = source[Symbol.asyncIterator]();
  let interrupt: (reason: unknown) => void = () => undefined;
  const onAbort = () => interrupt(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  // Not Promise.race against one promise of the abort: that promise would hold every chunk until the end.
  const next = () =>
    new Promise<IteratorResult<Chunk>>((resolve, reject) => {
      interrupt = reject;
      iterator.next().then(resolve, reject);
    });
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await next();
      if (result.done) return;
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // A generator that waits for its own source would answer `return` only after it: nobody waits for that here.
    iterator.return?.()?.catch(() => undefined);
  }
}
