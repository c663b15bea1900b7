import type { Encoding } from "../../../ports/cache-store.ts";

/** Encodings that are stored in addition to identity, which every client accepts. */
const HELD: readonly Encoding[] = ["br", "gzip"];

/** The stored encodings that an `Accept-Encoding` header accepts (RFC 9110, 12.5.3); none without the header. */
export function acceptedEncodings(header: string | null): readonly Encoding[] {
  if (!header) return [];
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    const quality = parameters.find((parameter) => parameter.startsWith("q="));
    weights.set(name === "x-gzip" ? "gzip" : name, quality === undefined ? 1 : Number(quality.slice(2)) || 0);
  }
  return HELD.filter((encoding) => (weights.get(encoding) ?? weights.get("*") ?? 0) > 0);
}

/** The entity tags of an `If-None-Match` header. */
export function entityTags(header: string | null): readonly string[] {
  return header?.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
}
