"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Eye, Trash2 } from "lucide-react";
import { previewBody, removeEntry } from "../../../../lib/client/queries/cache.ts";
import type { CacheEntryView } from "../../../../lib/contracts/cache.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { formatDuration } from "../../../../lib/shared/duration.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { CopyButton } from "../../../_components/ui/copy-button.tsx";
import { DetailList } from "../../../_components/ui/detail-list.tsx";
import { Sheet } from "../../../_components/ui/sheet.tsx";
import { TextPreview } from "../../../_components/ui/text-preview.tsx";
import { toastDone, toastError } from "../../../_components/ui/toast.ts";

/** What is known of one cached response. Its body is read only when asked for, and shown as text. */
export function EntrySheet(props: { namespace: string; entry: CacheEntryView | null; onClose: () => void }) {
  const { namespace, entry, onClose } = props;
  const client = useQueryClient();
  const refresh = () => void client.invalidateQueries({ queryKey: ["cache", namespace] });
  const read = useMutation({
    mutationFn: (key: string) => previewBody(namespace, key),
    onSuccess: refresh,
    onError: toastError,
  });
  const remove = useMutation({
    mutationFn: (key: string) => removeEntry(namespace, key),
    onSuccess: () => {
      refresh();
      toastDone("Removed", "The next request for this key is a miss.");
      onClose();
    },
    onError: toastError,
  });
  return (
    <Sheet open={entry !== null} onOpenChange={(open) => !open && onClose()} title="Cached response">
      {entry ? (
        <div className="flex flex-col gap-4">
          <div className="flex items-center gap-2 rounded-md bg-surface-2 px-3 py-2">
            <code className="min-w-0 grow break-all font-mono text-12 text-strong">{entry.key}</code>
            <CopyButton text={entry.key} label="Copy the key" />
          </div>
          <DetailList
            details={[
              ["Media type", entry.mediaType],
              ["Size", formatBytes(entry.bytes)],
              ["Stored", `${formatBytes(entry.storedBytes)} as ${entry.encoding}${saved(entry)}`],
              ["Age", formatDuration(entry.ageSeconds)],
              ["Time left", entry.stale ? "none: stale, kept until it is filled" : formatDuration(entry.ttlSeconds)],
              ["Hits", entry.hits.toLocaleString("en-US")],
              [
                "ETag",
                <code key="etag" className="font-mono text-12">
                  {entry.etag}
                </code>,
              ],
              ["Note", entry.meta ?? "none"],
              ["Tags", entry.tags.length === 0 ? "none" : <Tags key="tags" tags={entry.tags} />],
            ]}
          />
          {read.isSuccess ? (
            read.data ? (
              <TextPreview text={read.data.text} cut={read.data.cut} label="The body" />
            ) : (
              <p className="text-13">This body is no text ({entry.mediaType}), so it is not shown.</p>
            )
          ) : (
            <div>
              <Button busy={read.isPending} onClick={() => read.mutate(entry.key)}>
                <Eye aria-hidden className="size-4" /> Show the body
              </Button>
              <p className="mt-1.5 text-12 text-faint">It counts as a hit.</p>
            </div>
          )}
          <Button
            variant="danger"
            className="self-start"
            busy={remove.isPending}
            onClick={() => remove.mutate(entry.key)}
          >
            <Trash2 aria-hidden className="size-4" /> Remove
          </Button>
        </div>
      ) : null}
    </Sheet>
  );
}

function saved({ bytes, storedBytes }: CacheEntryView): string {
  const share = bytes > 0 ? 1 - storedBytes / bytes : 0;
  return share >= 0.005 ? `, ${Math.round(share * 100)} % saved` : "";
}

function Tags({ tags }: { tags: readonly string[] }) {
  return (
    <span className="flex flex-wrap gap-1.5">
      {tags.map((tag) => (
        <Badge key={tag}>{tag}</Badge>
      ))}
    </span>
  );
}
