"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { describeError } from "../../../../lib/client/problem.ts";
import { purgeCache } from "../../../../lib/client/queries/cache.ts";
import type { Purge } from "../../../../lib/contracts/cache.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Dialog } from "../../../_components/ui/dialog.tsx";
import { Field, Input } from "../../../_components/ui/field.tsx";
import { toastDone } from "../../../_components/ui/toast.ts";

/** Removes many: by the beginning of the key, by a tag, by both; everything only when both are left empty. */
export function PurgeDialog(props: { namespace: string; prefix: string; tag: string; onClose: () => void }) {
  const { namespace, onClose } = props;
  const [prefix, setPrefix] = useState(props.prefix);
  const [tag, setTag] = useState(props.tag);
  const client = useQueryClient();
  const formId = useId();
  const all = prefix === "" && tag === "";
  const purge = useMutation({
    mutationFn: () => purgeCache(namespace, all ? { all: true } : toPurge(prefix, tag)),
    onSuccess: (removed) => {
      void client.invalidateQueries({ queryKey: ["cache", namespace] });
      toastDone("Purged", `${removed.toLocaleString("en-US")} cached responses were removed.`);
      onClose();
    },
  });
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Purge the cache"
      description={`In namespace ${namespace}. What is removed is computed again when it is next asked for.`}
      width="sm"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="danger" busy={purge.isPending}>
            {all ? "Purge everything" : "Purge matching entries"}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          purge.mutate();
        }}
      >
        <Field label="Key starts with" error={purge.isError ? describeError(purge.error).detail : null}>
          {(control) => <Input {...control} value={prefix} onChange={(event) => setPrefix(event.target.value)} />}
        </Field>
        <Field label="Tag" hint="With both, an entry must match both.">
          {(control) => <Input {...control} value={tag} onChange={(event) => setTag(event.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}

function toPurge(prefix: string, tag: string): Purge {
  return { ...(prefix === "" ? {} : { prefix }), ...(tag === "" ? {} : { tag }) };
}
