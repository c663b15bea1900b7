import type { Parameter } from "../../../../lib/client/api-document/document.ts";
import { limitWords, typeWords } from "../../../../lib/client/api-document/schema-words.ts";
import { FieldLine } from "./schema-fields.tsx";

export function ParameterList({ parameters }: { parameters: readonly Parameter[] }) {
  return (
    <ul>
      {parameters.map((parameter) => (
        <li key={`${parameter.in} ${parameter.name}`} className="border-line border-t py-2 first:border-t-0">
          <FieldLine
            name={parameter.name}
            type={`${typeWords(parameter.schema)}, in ${parameter.in}`}
            mark={parameter.required ? "required" : null}
            limits={limitWords(parameter.schema)}
            description={parameter.description || (parameter.schema.description ?? "")}
          />
        </li>
      ))}
    </ul>
  );
}
