import type { ReactNode } from "react";

/** Names and values, one pair a line. */
export function DetailList({ details }: { details: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(96px,auto)_minmax(0,1fr)] gap-x-6 text-13">
      {details.map(([name, value]) => (
        <div key={name} className="col-span-2 grid grid-cols-subgrid border-line border-t py-2 first:border-t-0">
          <dt className="text-faint">{name}</dt>
          <dd className="tabular break-words text-strong">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
