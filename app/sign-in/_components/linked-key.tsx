"use client";

import type { IdentityView } from "../../../lib/contracts/auth.ts";
import { Button } from "../../_components/ui/button.tsx";

/** Asks before a link changes who is signed in here: whoever sent it may have sent a key of their own. */
export function LinkedKey(props: {
  who: IdentityView;
  /** Who is signed in now. */
  current: string | null;
  busy: boolean;
  onSignIn: () => void;
  onLeave: () => void;
}) {
  const { who, current, busy, onSignIn, onLeave } = props;
  return (
    <section aria-label="Sign in with the link" className="flex flex-col gap-4">
      <p className="text-13 text-soft">
        The link signs you in as <strong className="text-strong">{who.name}</strong> ({who.role}, namespace{" "}
        {who.namespace}).{" "}
        {current === null
          ? "The link comes from another site. Continue only if you know who sent it."
          : `You are signed in as ${current}; continuing ends that session.`}
      </p>
      <Button variant="primary" size="lg" busy={busy} onClick={onSignIn}>
        Sign in as {who.name}
      </Button>
      <Button size="lg" disabled={busy} onClick={onLeave}>
        {current === null ? "Use another key" : `Stay ${current}`}
      </Button>
    </section>
  );
}
