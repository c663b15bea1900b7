"use client";

import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { meQuery } from "../../../../lib/client/queries/session.ts";
import type { IdentityView } from "../../../../lib/contracts/auth.ts";

interface KeyState {
  /** Who is signed in; null on the page that anybody may read. */
  me: IdentityView | null;
  /** A key that was typed in, for as long as the page is open. */
  key: string;
  setKey: (key: string) => void;
}

const Context = createContext<KeyState>({ me: null, key: "", setKey: () => undefined });

/** One key for all requests of the page. It is stored nowhere. */
export function KeyProvider({ children }: { children: ReactNode }) {
  const [key, setKey] = useState("");
  // The frame has brought who is signed in; asking where nobody is would only fail.
  const { data: me = null } = useQuery({ ...meQuery, enabled: false });
  const state = useMemo(() => ({ me, key, setKey }), [me, key]);
  return <Context value={state}>{children}</Context>;
}

export const useKey = (): KeyState => useContext(Context);
