import { type ComponentProps, type ReactNode, useId } from "react";
import { classNames } from "./class-names.ts";

const CONTROL =
  "h-9 w-full min-w-0 rounded-md border border-line-strong bg-surface-1 px-3 text-13 text-strong placeholder:text-faint disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-crit";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={classNames(CONTROL, className)} {...props} />;
}

export function Select({ className, ...props }: ComponentProps<"select">) {
  return <select className={classNames(CONTROL, "pr-8", className)} {...props} />;
}

export interface FieldControl {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean | undefined;
}

/** A control with its label, its hint and its error, tied together for a screen reader. */
export function Field(props: {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | null;
  children: (control: FieldControl) => ReactNode;
}) {
  const id = useId();
  const noteId = `${id}-note`;
  const hasNote = Boolean(props.error ?? props.hint);
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <label htmlFor={id} className="font-medium text-13 text-strong">
        {props.label}
      </label>
      {props.children({
        id,
        "aria-describedby": hasNote ? noteId : undefined,
        "aria-invalid": props.error ? true : undefined,
      })}
      {hasNote ? (
        <p
          id={noteId}
          role={props.error ? "alert" : undefined}
          className={classNames("text-12", props.error ? "text-crit" : "text-faint")}
        >
          {props.error ?? props.hint}
        </p>
      ) : null}
    </div>
  );
}
