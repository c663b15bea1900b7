import type { JsonSchema, Operation } from "../../../../lib/client/api-document/document.ts";
import { typeWords } from "../../../../lib/client/api-document/schema-words.ts";
import { Disclosure, FieldLine, SchemaFields } from "./schema-fields.tsx";
import { Words } from "./words.tsx";

type Answers = Operation["answers"];
const ROW = "grid grid-cols-[40px_minmax(0,1fr)] gap-x-2 border-line border-t py-2 text-13 first:border-t-0";

export function AnswerList(props: { answers: Answers; schemas: Readonly<Record<string, JsonSchema>> }) {
  return (
    <ul>
      {props.answers.map(({ status, description, headers, content }) => (
        <li key={status} className={ROW}>
          <span className="tabular font-medium font-mono text-ok">{status}</span>
          <div className="min-w-0">
            <p>
              <Words text={description} />
            </p>
            {Object.entries(content).map(([type, { schema }]) => (
              <div key={type}>
                <p className="break-words text-12 text-faint">
                  {typeWords(schema)} as <span className="font-mono">{type}</span>
                </p>
                {type.endsWith("json") ? (
                  <Disclosure label={`Fields of the ${status}`}>
                    <SchemaFields schema={schema} schemas={props.schemas} mark="optional" />
                  </Disclosure>
                ) : null}
              </div>
            ))}
            <AnswerHeaders status={status} headers={headers} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function AnswerHeaders({ status, headers }: Pick<Answers[number], "status" | "headers">) {
  const told = Object.entries(headers);
  if (told.length === 0) return null;
  return (
    <Disclosure label={`Headers of the ${status}`}>
      {told.map(([name, { description, schema }]) => (
        <FieldLine key={name} name={name} type={typeWords(schema)} mark={null} limits="" description={description} />
      ))}
    </Disclosure>
  );
}

/** Every error is problem+json; what tells them apart is the code. */
export function ErrorList({ answers }: { answers: Answers }) {
  return (
    <ul>
      {answers.map(({ status, description }) => (
        <li key={status} className={ROW}>
          <span className="tabular font-medium font-mono text-faint">{status}</span>
          <p className="min-w-0">
            <Words text={description} />
          </p>
        </li>
      ))}
    </ul>
  );
}
