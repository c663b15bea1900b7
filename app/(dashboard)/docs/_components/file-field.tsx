"use client";

import { useRef } from "react";
import type { Draft } from "../../../../lib/client/api-document/request.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Field, Input } from "../../../_components/ui/field.tsx";

interface FileFieldProps {
  draft: Draft;
  onDraft: (draft: Draft) => void;
}

/** A file as the body. While one is chosen, it is sent in the place of what is written. */
export function FileField({ draft, onDraft }: FileFieldProps) {
  const input = useRef<HTMLInputElement>(null);

  function remove() {
    // A browser lets nobody set the value of such a field, but empty it.
    if (input.current) input.current.value = "";
    onDraft({ ...draft, file: null });
    input.current?.focus();
  }

  return (
    <Field label="Body from a file" hint={draft.file ? `${draft.file.size} bytes are sent.` : ""}>
      {(control) => (
        <div className="flex min-w-0 items-center gap-2">
          <Input
            {...control}
            ref={input}
            type="file"
            className="py-1.5"
            onChange={(event) => onDraft({ ...draft, file: event.target.files?.[0] ?? null })}
          />
          {draft.file ? (
            <Button size="sm" onClick={remove}>
              Remove file
            </Button>
          ) : null}
        </div>
      )}
    </Field>
  );
}
