import type { CachePut } from "../../ports/cache-store.ts";
import { type Condition, holds } from "../../shared/condition.ts";
import { AppError } from "../../shared/errors.ts";
import { TrailingBytesError } from "./encodings.ts";
import { type BodyForm, examineBody } from "./held-body.ts";
import type { Inflations } from "./inflations.ts";

/** @throws {AppError} unless what is there is what the condition asks for. */
export function requireCondition(
  condition: Condition | null | undefined,
  entry: { body: Pick<BodyForm, "identityTag" | "tag"> } | undefined,
): void {
  if (!condition) return;
  const present = entry ? [entry.body.identityTag, entry.body.tag].map((tag) => tag.slice(1, -1)) : [];
  if (!holds(condition, present))
    throw new AppError(
      "version-mismatch",
      "The cached response does not meet the precondition. Read it again, then retry.",
    );
}

export function itemTooLarge(): AppError {
  return new AppError("item-too-large", "This response is larger than the cache allows.");
}

export function leaseExpired(): AppError {
  return new AppError(
    "lease-expired",
    "This fill lease has expired; another caller is filling the key or has filled it.",
  );
}

export function memoryPressure(): AppError {
  return new AppError("memory-pressure", "Not enough memory for this response right now. Retry later.", {
    retryAfterSeconds: 1,
  });
}

/** @throws {AppError} body-too-large, malformed-request. */
export async function examine(put: CachePut, maxBodyBytes: number, inflations: Inflations): Promise<BodyForm> {
  try {
    return await examineBody(put.body, put.encoding, maxBodyBytes, inflations);
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new AppError("body-too-large", `The decompressed body must be at most ${maxBodyBytes} bytes.`, { cause });
    }
    const what =
      cause instanceof TrailingBytesError
        ? `The ${put.encoding} body ends at offset ${cause.offset}, but more bytes follow.`
        : `The body is not valid ${put.encoding}, although its Content-Encoding says so.`;
    throw new AppError("malformed-request", what, { cause });
  }
}
