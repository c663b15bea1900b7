"use client";

import { useQuery } from "@tanstack/react-query";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { mayDo } from "../../../lib/contracts/auth.ts";
import { Panel } from "../ui/panel.tsx";
import { destinationOf } from "./navigation.ts";

/** A page that the key may not use says so once, where otherwise each of its panels would. */
export function PageGate({ children }: { children: ReactNode }) {
  const { data: me } = useQuery(meQuery);
  const here = destinationOf(usePathname());
  if (!me || !here || mayDo(me.role, here.roles)) return children;
  const reason = `${here.label} needs the role ${here.roles.join(" or ") || "operator"}; your key is a ${me.role}'s.`;
  return <Panel title={here.label} state={{ kind: "no-permission", reason }} minHeight="320px" />;
}
