"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { mayDo } from "../../../lib/contracts/auth.ts";
import { classNames } from "../ui/class-names.ts";
import { destinationOf, NAVIGATION } from "./navigation.ts";
import { useKeepView } from "./view-state.ts";

/** The pages. `compact` hides the words below 1,024 px; their names stay for screen readers and as titles. */
export function NavigationList({ compact, onNavigate }: { compact: boolean; onNavigate?: () => void }) {
  const here = destinationOf(usePathname());
  const keepView = useKeepView();
  const { data: me } = useQuery(meQuery);
  const pages = NAVIGATION.filter(({ roles }) => !me || mayDo(me.role, roles));
  return (
    <ul className="flex flex-col gap-0.5">
      {pages.map(({ href, label, icon: Icon, key }) => (
        <li key={href}>
          <Link
            href={keepView(href)}
            title={`${label} (g ${key})`}
            aria-current={here?.href === href ? "page" : undefined}
            {...(onNavigate ? { onClick: onNavigate } : {})}
            className={classNames(
              "flex h-9 items-center gap-3 rounded-md px-3 text-13 text-soft hover:bg-surface-2 hover:text-strong",
              "aria-[current=page]:bg-surface-2 aria-[current=page]:font-medium aria-[current=page]:text-strong",
              compact && "justify-center px-0 lg:justify-start lg:px-3",
            )}
          >
            <Icon aria-hidden className="size-4 shrink-0" />
            <span className={classNames(compact && "sr-only lg:not-sr-only")}>{label}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function SideNav() {
  return (
    <div className="hidden w-14 shrink-0 border-line border-r bg-surface-1 sm:block lg:w-[232px]">
      <nav aria-label="Pages" className="sticky top-0 max-h-dvh overflow-y-auto px-2 lg:px-3">
        <Link
          href="/"
          className="mb-2 flex h-14 items-center justify-center gap-2.5 text-strong lg:justify-start lg:px-3"
        >
          <Mark />
          <span className="sr-only font-semibold text-14 tracking-tight lg:not-sr-only">Headroom</span>
        </Link>
        <NavigationList compact />
      </nav>
    </div>
  );
}

/** The project's mark: a filled column with room above it. */
export function Mark() {
  return (
    <svg aria-hidden viewBox="0 0 20 20" className="size-5 shrink-0">
      <rect x={1.5} y={1.5} width={17} height={17} rx={4} fill="none" stroke="currentColor" strokeWidth={1.5} />
      <rect x={5} y={10} width={10} height={5.5} rx={1.5} fill="var(--accent)" />
      <path d="M5 6.75h10" stroke="currentColor" strokeWidth={1.5} strokeDasharray="2 2" />
    </svg>
  );
}
