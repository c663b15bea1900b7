"use client";

import { type FormEvent, useState } from "react";
import type { Operation, Parameter } from "../../../../lib/client/api-document/document.ts";
import { type Draft, faultsOf, isPublic, slotOf, takesBytes } from "../../../../lib/client/api-document/request.ts";
import { limitWords } from "../../../../lib/client/api-document/schema-words.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Field, Input, Select } from "../../../_components/ui/field.tsx";
import { FileField } from "./file-field.tsx";
import { useKey } from "./key-context.tsx";
import { Disclosure } from "./schema-fields.tsx";
import { SentAnswer } from "./sent-answer.tsx";
import { useSend } from "./use-send.ts";

interface TryFormProps {
  operation: Operation;
  draft: Draft;
  onDraft: (draft: Draft) => void;
}

/** Fills the request in and sends it, with the dashboard's sign-in or a key. */
export function TryForm({ operation, draft, onDraft }: TryFormProps) {
  const { sent, busy, send } = useSend(operation);
  const [tried, setTried] = useState(false);
  const faults = faultsOf(operation, draft);
  const fill = (slot: string, value: string) => onDraft({ ...draft, values: { ...draft.values, [slot]: value } });

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (Object.keys(faults).length === 0) void send(draft);
  }

  const control = (parameter: Parameter) => (
    <ParameterField
      key={slotOf(parameter)}
      parameter={parameter}
      value={draft.values[slotOf(parameter)] ?? ""}
      error={tried ? (faults[slotOf(parameter)] ?? null) : null}
      onChange={(value) => fill(slotOf(parameter), value)}
    />
  );
  const required = operation.parameters.filter((parameter) => parameter.required);
  const optional = operation.parameters.filter((parameter) => !parameter.required);
  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-3 rounded-md border border-line p-3">
      <KeyField operation={operation} />
      {required.map(control)}
      {optional.length > 0 ? (
        <Disclosure label={`Optional parameters (${optional.length})`}>
          <div className="flex flex-col gap-3 py-1">{optional.map(control)}</div>
        </Disclosure>
      ) : null}
      {operation.body ? (
        <BodyField operation={operation} draft={draft} onDraft={onDraft} error={tried ? (faults.body ?? null) : null} />
      ) : null}
      <Button
        type="submit"
        size="sm"
        variant={operation.method === "DELETE" ? "danger" : "primary"}
        busy={busy}
        className="self-start"
      >
        Send {operation.method}
      </Button>
      <div aria-live="polite">{sent ? <SentAnswer sent={sent} name={operation.id} /> : null}</div>
    </form>
  );
}

/** Whose rights the request has. */
function KeyField({ operation }: { operation: Operation }) {
  const { me, key, setKey } = useKey();
  if (isPublic(operation)) return <p className="text-12 text-faint">Sent without a key: the operation is public.</p>;
  if (me)
    return (
      <p className="text-12 text-faint">{`Sent as ${me.name}, ${me.role} of ${me.namespace}. It acts on this server.`}</p>
    );
  return (
    <Field label="API key" hint="Kept by this page only, until it is closed.">
      {(control) => (
        <Input
          {...control}
          type="password"
          autoComplete="off"
          value={key}
          onChange={(event) => setKey(event.target.value.trim())}
        />
      )}
    </Field>
  );
}

interface ParameterFieldProps {
  parameter: Parameter;
  value: string;
  error: string | null;
  onChange: (value: string) => void;
}

function ParameterField({ parameter, value, error, onChange }: ParameterFieldProps) {
  const { name, schema } = parameter;
  const label = <code className="font-mono text-12">{name}</code>;
  return (
    <Field label={label} error={error} hint={`in ${[parameter.in, limitWords(schema)].filter(Boolean).join(", ")}`}>
      {(control) =>
        schema.enum ? (
          <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
            <option value="">–</option>
            {schema.enum.map((choice) => (
              <option key={String(choice)}>{String(choice)}</option>
            ))}
          </Select>
        ) : (
          <Input {...control} value={value} autoComplete="off" onChange={(event) => onChange(event.target.value)} />
        )
      }
    </Field>
  );
}

function BodyField({ operation, draft, onDraft, error }: TryFormProps & { error: string | null }) {
  const types = Object.keys(operation.body?.content ?? {});
  const mayBeFile = takesBytes(operation.body);
  return (
    <>
      {types.length > 1 ? (
        <Field label="Content-Type">
          {(control) => (
            <Select
              {...control}
              value={draft.mediaType}
              onChange={(event) => onDraft({ ...draft, mediaType: event.target.value })}
            >
              {types.map((type) => (
                <option key={type}>{type}</option>
              ))}
            </Select>
          )}
        </Field>
      ) : null}
      {mayBeFile ? <FileField draft={draft} onDraft={onDraft} /> : null}
      <Field
        label={mayBeFile ? "Body as text" : "Body"}
        error={error}
        hint={mayBeFile && draft.file === null && draft.body === "" ? "As it is, an empty body is sent." : ""}
      >
        {(control) => (
          <textarea
            {...control}
            rows={Math.min(14, Math.max(4, draft.body.split("\n").length))}
            spellCheck={false}
            value={draft.body}
            disabled={draft.file !== null}
            onChange={(event) => onDraft({ ...draft, body: event.target.value })}
            className="w-full rounded-md border border-line-strong bg-surface-1 px-3 py-2 font-mono text-12 text-strong disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-crit"
          />
        )}
      </Field>
    </>
  );
}
