"use client";

import { Send } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import type { NewStream } from "../../../../lib/client/queries/streams.ts";
import type { StreamFormatName } from "../../../../lib/contracts/streams.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { classNames } from "../../../_components/ui/class-names.ts";
import { Field, Input, Select } from "../../../_components/ui/field.tsx";
import { FORMATS, formatOf } from "./format-of.ts";
import { optionsFor, SendOptions, type StreamOptions } from "./send-options.tsx";

/** A file, and how it is to be read: what is sent when the button is pressed. */
export function ChooseFile({ onSend }: { onSend: (file: File, query: NewStream) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [target, setTarget] = useState("none");
  const [format, setFormat] = useState<StreamFormatName>("ndjson");
  const [options, setOptions] = useState<StreamOptions>({});
  const [over, setOver] = useState(false);
  const take = (taken: File | undefined) => {
    if (!taken) return;
    setFile(taken);
    setFormat(formatOf(taken.name));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <div className="grid gap-4 lg:grid-cols-[1fr_auto]">
      <button
        type="button"
        onClick={() => picker.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={classNames(
          "flex min-h-28 min-w-0 flex-col items-center justify-center gap-1 rounded-md border border-dashed px-4 text-13",
          over ? "border-accent bg-accent-wash text-strong" : "border-line-strong text-soft hover:bg-surface-2",
        )}
      >
        <span className="max-w-full truncate font-medium text-strong">{file ? file.name : "Drop a file here"}</span>
        <span className="text-12 text-faint">{file ? formatBytes(file.size) : "or press to choose one"}</span>
      </button>
      <input
        ref={picker}
        type="file"
        className="sr-only"
        tabIndex={-1}
        aria-label="File to send"
        onChange={(event) => take(event.target.files?.[0])}
      />
      <div className="grid grid-cols-2 content-between gap-3 lg:w-80">
        <Field label="Target" hint="or vectors:NAME">
          {(control) => (
            <Input
              {...control}
              value={target}
              onChange={(event) => setTarget(event.target.value)}
              list="stream-targets"
            />
          )}
        </Field>
        <datalist id="stream-targets">
          {["none", "sessions", "cache", "rag"].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label="Format">
          {(control) => (
            <Select
              {...control}
              value={format}
              onChange={(event) => setFormat(FORMATS.find((name) => name === event.target.value) ?? "ndjson")}
            >
              {FORMATS.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
        <Button
          variant="primary"
          className="col-span-2"
          disabled={!file}
          onClick={() => file && onSend(file, { target, format, ...optionsFor(format, options) })}
        >
          <Send aria-hidden className="size-4" /> Send
        </Button>
      </div>
      <SendOptions format={format} options={options} onChange={setOptions} />
    </div>
  );
}
