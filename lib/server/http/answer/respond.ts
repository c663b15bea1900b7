import { isReply, type Reply } from "../define-route.ts";
import { API_HEADERS } from "./api-headers.ts";

export const JSON_TYPE = "application/json; charset=utf-8";

export interface Stamp {
  requestId: string;
  door: "direct" | "next";
}

/** A handler's result as a response: a `Reply` as it says, anything else as 200 with JSON. */
export function toResponse(result: unknown, stamp: Stamp): Response {
  const { status, body, headers }: Reply = isReply(result) ? result.reply : { status: 200, body: result };
  if (body === undefined) return new Response(null, { status, headers: stamped(stamp, undefined, headers) });
  if (typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream) {
    return new Response(body as BodyInit, { status, headers: stamped(stamp, undefined, headers) });
  }
  return new Response(JSON.stringify(body), { status, headers: stamped(stamp, JSON_TYPE, headers) });
}

/** One literal, then assignments: a spread object would get its own hidden class for each response. */
function stamped(
  { requestId, door }: Stamp,
  mediaType: string | undefined,
  more: Reply["headers"],
): Record<string, string> {
  const headers: Record<string, string> = {
    "X-Content-Type-Options": API_HEADERS["X-Content-Type-Options"],
    "Content-Security-Policy": API_HEADERS["Content-Security-Policy"],
    "Strict-Transport-Security": API_HEADERS["Strict-Transport-Security"],
    "Referrer-Policy": API_HEADERS["Referrer-Policy"],
    "Cache-Control": API_HEADERS["Cache-Control"],
    "X-Request-Id": requestId,
    "X-Headroom-Door": door,
  };
  if (mediaType !== undefined) headers["Content-Type"] = mediaType;
  if (more) for (const name of Object.keys(more)) headers[name] = more[name] ?? "";
  return headers;
}
