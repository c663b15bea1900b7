"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { describeError } from "../../../../lib/client/problem.ts";
import { createKey, keysQuery } from "../../../../lib/client/queries/keys.ts";
import { DEFAULT_NAMESPACE, type Role, roleSchema } from "../../../../lib/contracts/auth.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { CopyButton } from "../../../_components/ui/copy-button.tsx";
import { Dialog } from "../../../_components/ui/dialog.tsx";
import { Field, Input, Select } from "../../../_components/ui/field.tsx";

const DAY_MS = 86_400_000;
const LIFETIMES = [
  { label: "Never", days: null },
  { label: "In 30 days", days: 30 },
  { label: "In 90 days", days: 90 },
  { label: "In a year", days: 365 },
] as const;

/** Makes a key, then shows it this once. */
export function CreateKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("consumer");
  const [namespace, setNamespace] = useState<string>(DEFAULT_NAMESPACE);
  const [days, setDays] = useState<number | null>(90);
  const formId = useId();
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      createKey({
        name,
        role,
        namespace,
        ...(days === null ? {} : { expiresAt: new Date(Date.now() + days * DAY_MS).toISOString() }),
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: keysQuery.queryKey }),
  });

  if (create.data) return <ShownOnce secret={create.data.key} name={create.data.name} onClose={onClose} />;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="New API key"
      width="sm"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" busy={create.isPending}>
            Create key
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label="Name"
          hint="The person or service that uses the key."
          error={create.isError ? describeError(create.error).detail : null}
        >
          {(control) => (
            <Input
              {...control}
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Role">
          {(control) => (
            <Select {...control} value={role} onChange={(event) => setRole(roleSchema.parse(event.target.value))}>
              {roleSchema.options.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Namespace" hint="Namespaces are isolated from each other.">
          {(control) => (
            <Input
              {...control}
              required
              pattern="[a-z0-9][a-z0-9_\-]{0,63}"
              value={namespace}
              onChange={(event) => setNamespace(event.target.value)}
            />
          )}
        </Field>
        <Field label="Expires">
          {(control) => (
            <Select
              {...control}
              value={String(days)}
              onChange={(event) =>
                setDays(LIFETIMES.find((one) => String(one.days) === event.target.value)?.days ?? null)
              }
            >
              {LIFETIMES.map((one) => (
                <option key={one.label} value={String(one.days)}>
                  {one.label}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </form>
    </Dialog>
  );
}

function ShownOnce({ secret, name, onClose }: { secret: string; name: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Key for ${name}`}
      description="Copy the key now. Only its hash is stored, so it cannot be shown again."
      width="md"
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="flex items-center gap-2 rounded-md border border-line bg-surface-2 px-3 py-2">
        <code data-testid="new-key" className="min-w-0 grow break-all font-mono text-13 text-strong">
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the key" />
      </div>
    </Dialog>
  );
}
