"use client";

import { type FormEvent, useEffect, useEffectEvent, useState } from "react";
import { describeError, ProblemError } from "../../../lib/client/problem.ts";
import { signIn, whoHas } from "../../../lib/client/queries/session.ts";
import type { IdentityView } from "../../../lib/contracts/auth.ts";
import { Button } from "../../_components/ui/button.tsx";
import { Field, Input } from "../../_components/ui/field.tsx";
import { LinkedKey } from "./linked-key.tsx";

interface Props {
  /** Who is signed in already. */
  current: string | null;
  /** The page was opened by another site's link. */
  fromElsewhere: boolean;
  /** Where to go on to: a path of this site. */
  next: string;
}

export function SignInForm({ current, fromElsewhere, next }: Props) {
  const [key, setKey] = useState("");
  const [who, setWho] = useState<IdentityView | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  async function attempt(work: () => Promise<void>) {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (cause) {
      setError(reason(cause));
      setBusy(false);
    }
  }

  const enter = (secret: string) =>
    attempt(async () => {
      await signIn(secret);
      // A whole new page, so that nothing read before the sign-in stays.
      globalThis.location.assign(next);
    });

  const asks = current !== null || fromElsewhere;
  const follow = useEffectEvent(() => {
    const { hash, pathname, search } = globalThis.location;
    const linked = keyInFragment(hash);
    if (linked === null) return;
    // The key must not stay in the address bar or in the history.
    globalThis.history.replaceState(null, "", `${pathname}${search}`);
    setKey(linked);
    if (!asks) return void enter(linked);
    void attempt(async () => {
      setWho(await whoHas(linked));
      setBusy(false);
    });
  });
  useEffect(() => {
    const onHashChange = () => follow();
    follow();
    // A link that is pasted while this page is open changes nothing but the fragment.
    globalThis.addEventListener("hashchange", onHashChange);
    return () => globalThis.removeEventListener("hashchange", onHashChange);
  }, []);

  function leave() {
    setWho(null);
    setKey("");
    if (current !== null) globalThis.location.assign(next);
  }

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (key.trim() !== "") void enter(key.trim());
  }

  if (who !== null)
    return <LinkedKey who={who} current={current} busy={busy} onSignIn={() => void enter(key)} onLeave={leave} />;
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4" method="post">
      <Field label="API key" hint="Exchanged for an HTTP-only session cookie that lasts 12 hours." error={error}>
        {(control) => (
          <Input
            {...control}
            type="password"
            name="key"
            autoComplete="current-password"
            spellCheck={false}
            required
            className="font-mono"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" variant="primary" size="lg" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}

function keyInFragment(hash: string): string | null {
  const key = new URLSearchParams(hash.slice(1)).get("key");
  return key === null || key === "" ? null : key;
}

function reason(error: unknown): string {
  if (error instanceof ProblemError && error.status === 401) return "This key is unknown, expired or revoked.";
  return describeError(error).detail;
}
