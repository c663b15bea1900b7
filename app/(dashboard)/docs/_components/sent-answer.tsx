import { Badge } from "../../../_components/ui/badge.tsx";
import { TextPreview } from "../../../_components/ui/text-preview.tsx";
import type { Sent } from "./use-send.ts";

/** What came back: status, time and the first part of the body. */
export function SentAnswer({ sent, name }: { sent: Sent; name: string }) {
  if (sent.kind === "failed") return <p className="text-13 text-crit">No answer: {sent.message}</p>;
  const { status, statusText, tookMs, mediaType, bytes, cut } = sent;
  return (
    <div className="flex flex-col gap-2">
      <p className="tabular flex flex-wrap items-center gap-x-3 gap-y-1 text-12 text-faint">
        <Badge tone={status < 400 ? "ok" : "crit"}>{`${status} ${statusText}`.trim()}</Badge>
        <span>{tookMs} ms</span>
        <span>{mediaType === "" ? "no body" : mediaType}</span>
      </p>
      {bytes.length === 0 ? null : (
        <TextPreview label={`Answer of ${name}`} text={textOf(mediaType, bytes, cut)} cut={cut} />
      )}
    </div>
  );
}

function textOf(mediaType: string, bytes: Uint8Array, cut: boolean): string {
  const isText = /^text\/|json|javascript|xml/.test(mediaType);
  if (!isText) return `${bytes.length}${cut ? " or more" : ""} bytes`;
  const text = new TextDecoder().decode(bytes);
  // A number that JavaScript cannot hold would change its value on the way.
  if (cut || !/json$|json;/.test(mediaType) || /\d{16}/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
