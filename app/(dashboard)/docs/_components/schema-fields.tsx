"use client";

import { ChevronRight } from "lucide-react";
import { type ReactNode, useId, useState } from "react";
import type { JsonSchema } from "../../../../lib/client/api-document/document.ts";
import {
  type Field,
  limitWords,
  resolved,
  shapesOf,
  typeWords,
} from "../../../../lib/client/api-document/schema-words.ts";
import { classNames } from "../../../_components/ui/class-names.ts";
import { Words } from "./words.tsx";

type Schemas = Readonly<Record<string, JsonSchema>>;
/** Which fields are marked: those that a body must have, or those that an answer may lack. */
type Mark = "required" | "optional";

/** What a value is, and its fields. */
export function SchemaFields({ schema, schemas, mark }: { schema: JsonSchema; schemas: Schemas; mark: Mark }) {
  const shapes = shapesOf(schema, schemas);
  if (shapes.length === 0) return <p className="text-13">{typeWords(schema)}</p>;
  return shapes.map(({ name, fields }, index) => (
    <div key={name ?? fields.map((field) => field.name).join()}>
      {shapes.length > 1 ? (
        <p className="mt-2 text-12 text-faint">{index === 0 ? "One of these forms" : "or"}</p>
      ) : null}
      <ul>
        {fields.map((field) => (
          <FieldItem key={field.name} field={field} schemas={schemas} mark={mark} />
        ))}
      </ul>
    </div>
  ));
}

/** Inner fields are made when they are opened: a schema may contain itself. */
function FieldItem({ field, schemas, mark }: { field: Field; schemas: Schemas; mark: Mark }) {
  const { name, schema, required } = field;
  const own = resolved(schema, schemas);
  const hasFields = shapesOf(schema, schemas).length > 0;
  const isMarked = required === (mark === "required");
  return (
    <li className="border-line border-t py-2 first:border-t-0">
      <FieldLine
        name={name}
        type={typeWords(schema)}
        mark={isMarked ? mark : null}
        limits={limitWords(own)}
        description={schema.description ?? own.description ?? ""}
      />
      {hasFields ? (
        <Disclosure label={`Fields of ${name}`}>
          <SchemaFields schema={schema} schemas={schemas} mark={mark} />
        </Disclosure>
      ) : null}
    </li>
  );
}

interface FieldLineProps {
  name: string;
  type: string;
  mark: Mark | null;
  limits: string;
  description: string;
}

export function FieldLine({ name, type, mark, limits, description }: FieldLineProps) {
  return (
    <>
      <p className="break-words text-12 text-faint">
        <code className="mr-2 font-medium font-mono text-13 text-strong">{name}</code>
        {type}
        {mark === null ? null : (
          <span className={classNames("ml-2", mark === "required" ? "font-medium text-accent" : "italic")}>{mark}</span>
        )}
      </p>
      {description === "" ? null : (
        <p className="text-13">
          <Words text={description} />
        </p>
      )}
      {limits === "" ? null : <p className="text-12 text-faint [overflow-wrap:anywhere]">{limits}</p>}
    </>
  );
}

export function Disclosure({ label, children }: { label: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="mt-1">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="inline-flex h-6 items-center gap-1 text-12 text-accent hover:underline"
      >
        <ChevronRight aria-hidden className={classNames("size-3.5", open && "rotate-90")} />
        {label}
      </button>
      {open ? (
        <div id={id} className="mt-1 border-line border-l-2 pl-3">
          {children}
        </div>
      ) : null}
    </div>
  );
}
