import { AppError } from "../../../shared/errors.ts";
import { METADATA_BYTES } from "./vector-check.ts";

export const OVER_METADATA_LIMIT = `metadata is over ${METADATA_BYTES.toLocaleString("en-US")} bytes of JSON`;

/** As it is stored; null where there is none. */
export const metadataText = (metadata: Readonly<Record<string, unknown>> | undefined): string | null =>
  metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata) : null;

export const isOverMetadataLimit = (text: string | null): boolean =>
  text !== null && Buffer.byteLength(text) > METADATA_BYTES;

export function parseMetadata(text: string | null): Record<string, unknown> {
  return text === null ? {} : JSON.parse(text);
}

/** @throws {AppError} `item-too-large`. */
export function withinLimit(text: string | null): string | null {
  if (!isOverMetadataLimit(text)) return text;
  const errors = [{ path: "/metadata", message: OVER_METADATA_LIMIT }];
  throw new AppError("item-too-large", `The ${OVER_METADATA_LIMIT}.`, { errors });
}
