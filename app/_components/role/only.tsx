"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { mayDo, type Roles } from "../../../lib/contracts/auth.ts";

/** Whether whoever is signed in may do what these roles may; an operator may do all. Until it is known who that is, yes. */
export function useMayDo(roles: Roles): boolean {
  const { data: me } = useQuery(meQuery);
  return me === undefined || mayDo(me.role, roles);
}

/** What only these roles can use: to others it is not offered. */
export function Only({ roles, children }: { roles: Roles; children: ReactNode }) {
  return useMayDo(roles) ? children : null;
}
