import type { Group } from "../../../../lib/client/api-document/document.ts";

const ITEM =
  "flex h-8 w-full items-center justify-between gap-2 rounded-md px-2.5 text-left text-13 text-soft hover:bg-surface-2 hover:text-strong aria-[current=true]:bg-surface-2 aria-[current=true]:font-medium aria-[current=true]:text-strong";

/** The groups beside the operations, where there is room; elsewhere the bar above has them. */
export function GroupIndex(props: { groups: readonly Group[]; chosen: string; onChoose: (group: string) => void }) {
  const all = { name: "", operations: props.groups.flatMap(({ operations }) => operations) };
  return (
    <nav aria-label="Groups of operations" className="hidden lg:block">
      <ul className="sticky top-20 -ml-2.5 flex flex-col gap-0.5">
        {[all, ...props.groups].map(({ name, operations }) => (
          <li key={name}>
            <button
              type="button"
              aria-current={props.chosen === name || undefined}
              className={ITEM}
              onClick={() => props.onChoose(name)}
            >
              <span className="first-letter:uppercase">{name === "" ? "All" : name}</span>
              <span className="tabular text-12 text-faint">{operations.length}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
