import { ChevronDown } from "lucide-react";
import { useId } from "react";
import type { Group, JsonSchema, Operation } from "../../../../lib/client/api-document/document.ts";
import { classNames } from "../../../_components/ui/class-names.ts";
import { OperationDetails } from "./operation-details.tsx";
import { PathText } from "./words.tsx";

type Schemas = Readonly<Record<string, JsonSchema>>;

interface GroupSectionProps {
  group: Group;
  schemas: Schemas;
  isOpen: (id: string) => boolean;
  onToggle: (id: string) => void;
}

export function GroupSection({ group, schemas, isOpen, onToggle }: GroupSectionProps) {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId} className="text-16 first-letter:uppercase">
        {group.name}
      </h2>
      <p className="mb-3 text-13 text-faint">{group.description}</p>
      <ul className="overflow-clip rounded-md border border-line bg-surface-1">
        {group.operations.map((operation) => (
          <OperationItem
            key={operation.id}
            operation={operation}
            schemas={schemas}
            open={isOpen(operation.id)}
            onToggle={onToggle}
          />
        ))}
      </ul>
    </section>
  );
}

interface OperationItemProps {
  operation: Operation;
  schemas: Schemas;
  open: boolean;
  onToggle: (id: string) => void;
}

/** One line, with the details under it when it is open: closed ones cost the page nothing. */
function OperationItem({ operation, schemas, open, onToggle }: OperationItemProps) {
  const { id, method, path, summary, roles } = operation;
  const detailsId = `${id}-details`;
  return (
    // Below the bar that stays at the top, which has two rows on a phone.
    <li id={id} className="scroll-mt-28 border-line border-t first:border-t-0 md:scroll-mt-16">
      <h3 className="font-normal">
        <button
          type="button"
          aria-expanded={open}
          aria-controls={open ? detailsId : undefined}
          onClick={() => onToggle(id)}
          className="grid w-full grid-cols-[1fr_auto_16px] items-center gap-x-3 px-4 py-3 text-left -outline-offset-2 hover:bg-surface-2 sm:grid-cols-[56px_minmax(0,1fr)_auto_16px]"
        >
          <Method method={method} />
          <span className="order-last col-span-3 mt-1 min-w-0 sm:order-none sm:col-span-1 sm:mt-0">
            <PathText path={path} />
            <span className="block text-13 text-soft">{summary}</span>
          </span>
          <span className="justify-self-end text-12 text-faint">{roleWords(roles)}</span>
          <ChevronDown aria-hidden className={classNames("size-4 text-faint", open && "rotate-180")} />
        </button>
      </h3>
      {open ? <OperationDetails id={detailsId} operation={operation} schemas={schemas} /> : null}
    </li>
  );
}

/** Who may call it, beside the operator. */
function roleWords(roles: readonly string[]): string {
  return roles.includes("none") ? "public" : roles.join(" · ");
}

/** Reading, changing and removing differ in colour; the word says it too. */
function Method({ method }: { method: string }) {
  const isRead = method === "GET" || method === "HEAD";
  const tone = isRead ? "text-faint" : method === "DELETE" ? "text-crit" : "text-accent";
  return <span className={classNames("font-mono font-semibold text-12", tone)}>{method}</span>;
}
