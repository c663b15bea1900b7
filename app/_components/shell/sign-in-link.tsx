"use client";

import type { ComponentProps, SyntheticEvent } from "react";
import { signInPath } from "../../../lib/client/own-path.ts";

/**
 * Leads to the sign-in and back to this very view. `path` is the page as it was rendered: the address has moved on
 * since, and the server never hears of its fragment, so both are read when the link is used.
 */
export function SignInLink({ path, ...rest }: { path: string } & ComponentProps<"a">) {
  const follow = ({ currentTarget }: SyntheticEvent<HTMLAnchorElement>) => {
    const { pathname, search, hash } = globalThis.location;
    currentTarget.href = signInPath(`${pathname}${search}${hash}`);
  };
  return (
    <a {...rest} href={signInPath(path)} onPointerDown={follow} onClick={follow}>
      Sign in
    </a>
  );
}
