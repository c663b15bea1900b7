import type { Clock } from "../../../shared/clock.ts";
import { AppError } from "../../../shared/errors.ts";

/** A reader that reads nothing for this long loses its connection. */
export const UNREAD_MS = 60_000;

interface PulledBody {
  clock: Pick<Clock, "after">;
  /** Called once: at the end, on failure, when the reader disconnects, or when it reads nothing for a minute. */
  done(): void;
}

/**
 * A response body that is produced as the reader reads it, at most one chunk ahead. A reader that reads nothing for a
 * minute loses the connection.
 */
export function pulledBody(chunks: AsyncIterator<Uint8Array>, { clock, done }: PulledBody): ReadableStream<Uint8Array> {
  let over = false;
  let cancelWait: () => void = () => undefined;
  const finish = (): void => {
    cancelWait();
    if (!over) done();
    over = true;
  };
  const endIfUnread = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    cancelWait = clock.after(UNREAD_MS, () => {
      finish();
      controller.error(new AppError("request-timeout", "The client did not read the response for a minute."));
      chunks.return?.(undefined).catch(() => undefined);
    });
  };
  return new ReadableStream<Uint8Array>(
    {
      start: endIfUnread,
      async pull(controller) {
        cancelWait();
        try {
          const next = await chunks.next();
          if (over) return;
          if (next.done) {
            finish();
            controller.close();
            return;
          }
          controller.enqueue(next.value);
          endIfUnread(controller);
        } catch (error) {
          finish();
          controller.error(error);
        }
      },
      async cancel() {
        finish();
        await chunks.return?.(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
