import { Link2 } from "lucide-react";
import type { ReactNode } from "react";
import type { JsonSchema, Operation } from "../../../../lib/client/api-document/document.ts";
import { AnswerList, ErrorList } from "./answer-list.tsx";
import { CodeBlock } from "./code-block.tsx";
import { ParameterList } from "./parameter-list.tsx";
import { RequestPanel } from "./request-panel.tsx";
import { SchemaFields } from "./schema-fields.tsx";
import { Words } from "./words.tsx";

interface OperationDetailsProps {
  id: string;
  operation: Operation;
  schemas: Readonly<Record<string, JsonSchema>>;
}

/** What an operation takes and answers, and beside it a request to copy or to send. */
export function OperationDetails({ id, operation, schemas }: OperationDetailsProps) {
  const { parameters, body, answers } = operation;
  return (
    <div
      id={id}
      className="grid gap-x-8 gap-y-6 border-line border-t px-4 pt-4 pb-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,440px)]"
    >
      <div className="flex min-w-0 flex-col gap-6">
        <Access operation={operation} />
        {parameters.length > 0 ? (
          <Part title="Parameters">
            <ParameterList parameters={parameters} />
          </Part>
        ) : null}
        {body ? (
          <Part title={body.required ? "Body" : "Body, optional"}>
            {body.description === "" ? null : (
              <p className="mb-2 text-13">
                <Words text={body.description} />
              </p>
            )}
            <BodyFields operation={operation} schemas={schemas} />
          </Part>
        ) : null}
        <Part title="Answers">
          <AnswerList answers={answers.filter(({ status }) => status < 400)} schemas={schemas} />
        </Part>
        <Part title="Errors">
          <ErrorList answers={answers.filter(({ status }) => status >= 400)} />
        </Part>
      </div>
      <div className="flex min-w-0 flex-col gap-6">
        <RequestPanel operation={operation} />
        <ExampleAnswer operation={operation} />
      </div>
    </div>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <h4 className="mb-1 font-semibold text-13 text-strong">{title}</h4>
      {children}
    </div>
  );
}

function Access({ operation: { id, roles } }: { operation: Operation }) {
  const who = roles.includes("none")
    ? "Public: no key is needed."
    : `Role: ${[...new Set([...roles, "operator"])].join(" or ")}.`;
  return (
    <p className="flex flex-wrap items-center gap-x-4 text-13">
      <span>{who}</span>
      <a href={`#${id}`} className="inline-flex h-6 items-center gap-1.5 text-accent hover:underline">
        <Link2 aria-hidden className="size-3.5" />
        <code className="font-mono text-12">{id}</code>
      </a>
    </p>
  );
}

/** Media types with one schema are told together. */
function BodyFields({ operation: { body }, schemas }: Omit<OperationDetailsProps, "id">) {
  const kinds = new Map<string, { types: string[]; schema: JsonSchema }>();
  for (const [type, { schema }] of Object.entries(body?.content ?? {})) {
    const key = JSON.stringify(schema);
    const kind = kinds.get(key) ?? { types: [], schema };
    kind.types.push(type);
    kinds.set(key, kind);
  }
  return [...kinds].map(([key, { types, schema }]) => (
    <div key={key} className="mt-1">
      <p className="break-words font-mono text-12 text-faint">{types.join(", ")}</p>
      <SchemaFields schema={schema} schemas={schemas} mark="required" />
    </div>
  ));
}

function ExampleAnswer({ operation: { id, answers } }: { operation: Operation }) {
  for (const { status, content } of answers) {
    const [first] = Object.values(content);
    if (status >= 400 || first?.example === undefined) continue;
    const text = typeof first.example === "string" ? first.example : JSON.stringify(first.example, null, 2);
    return <CodeBlock title={`Example answer, ${status}`} name={`Example answer of ${id}`} text={text} />;
  }
  return null;
}
