import { ChevronRight } from "lucide-react";
import type { NewStream } from "../../../../lib/client/queries/streams.ts";
import type { StreamFormatName } from "../../../../lib/contracts/streams.ts";
import { Field, Input, Select } from "../../../_components/ui/field.tsx";

/** As typed; what is empty is not sent. */
export type StreamOptions = Omit<NewStream, "target" | "format">;

interface Option {
  name: keyof StreamOptions;
  label: string;
  hint: string;
  formats: readonly StreamFormatName[];
  /** The first of them is what holds when nothing is chosen. */
  choices?: readonly (readonly [value: string, label: string])[];
}

const TEXT: readonly StreamFormatName[] = ["ndjson", "json", "csv", "text"];

/** In the order in which they take effect. */
const OPTIONS: readonly Option[] = [
  {
    name: "encoding",
    label: "Encoding",
    hint: "such as windows-1252; a byte-order mark in the file takes precedence",
    formats: TEXT,
  },
  {
    name: "delimiter",
    label: "Delimiter",
    hint: "detected in the first row unless set",
    formats: ["csv"],
    choices: [
      ["", "find it"],
      [",", "comma"],
      [";", "semicolon"],
      ["tab", "tab"],
      ["|", "bar"],
    ],
  },
  { name: "path", label: "Path", hint: "path to the records, such as data.rows or /a.b/items", formats: ["json"] },
  { name: "null", label: "Null", hint: "texts that mean null: NULL,NA", formats: TEXT },
  { name: "cast", label: "Cast", hint: "field:type, such as price:number,paid:boolean", formats: TEXT },
  {
    name: "decimal",
    label: "Decimals",
    hint: "decimal separator for cast",
    formats: TEXT,
    choices: [
      ["", "point: 1.5"],
      [",", "comma: 1,5"],
    ],
  },
  { name: "rename", label: "Rename", hint: "old:new, …", formats: TEXT },
  { name: "where", label: "Where", hint: 'a filter, such as {"price":{"gt":10}}', formats: TEXT },
  { name: "select", label: "Select", hint: "fields to keep: id,price", formats: TEXT },
];

/** What is sent with a file of this format. */
export function optionsFor(format: StreamFormatName, options: StreamOptions): StreamOptions {
  const given = OPTIONS.filter(({ name, formats }) => formats.includes(format) && options[name]);
  return Object.fromEntries(given.map(({ name }) => [name, options[name]]));
}

/** How a file is read and changed on its way: closed, since most files need none of it. */
export function SendOptions(props: {
  format: StreamFormatName;
  options: StreamOptions;
  onChange: (options: StreamOptions) => void;
}) {
  const { format, options, onChange } = props;
  const shown = OPTIONS.filter(({ formats }) => formats.includes(format));
  if (shown.length === 0) return null;
  const set = Object.keys(optionsFor(format, options)).length;
  return (
    <details className="group lg:col-span-2">
      <summary className="flex w-fit cursor-pointer list-none items-center gap-1 text-13 text-soft hover:text-strong">
        <ChevronRight aria-hidden className="size-4 group-open:rotate-90" /> Options
        {set > 0 ? <span className="text-faint">· {set} set</span> : null}
      </summary>
      <div className="grid gap-3 pt-3 sm:grid-cols-2 lg:grid-cols-4">
        {shown.map((option) => (
          <OptionField
            key={option.name}
            option={option}
            value={options[option.name] ?? ""}
            onChange={(value) => onChange({ ...options, [option.name]: value })}
          />
        ))}
      </div>
    </details>
  );
}

function OptionField(props: { option: Option; value: string; onChange: (value: string) => void }) {
  const { option, value, onChange } = props;
  return (
    <Field label={option.label} hint={option.hint}>
      {(control) =>
        option.choices ? (
          <Select {...control} value={value} onChange={(event) => onChange(event.target.value)}>
            {option.choices.map(([choice, label]) => (
              <option key={choice} value={choice}>
                {label}
              </option>
            ))}
          </Select>
        ) : (
          <Input
            {...control}
            value={value}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => onChange(event.target.value)}
          />
        )
      }
    </Field>
  );
}
