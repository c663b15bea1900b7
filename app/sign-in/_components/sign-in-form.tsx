"use client";

import { type FormEvent, useEffect, useRef, useState } from "react";
import { describeError, ProblemError } from "../../../lib/client/problem.ts";
import { signIn } from "../../../lib/client/queries/session.ts";
import { Button } from "../../_components/ui/button.tsx";
import { Field, Input } from "../../_components/ui/field.tsx";

export function SignInForm() {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const started = useRef(false);

  async function enter(secret: string) {
    setBusy(true);
    setError(null);
    try {
      await signIn(secret);
      // A whole new page, so that nothing read before the sign-in stays.
      globalThis.location.assign("/");
    } catch (cause) {
      setError(reason(cause));
      setBusy(false);
    }
  }

  useEffect(() => {
    const linked = keyInFragment(globalThis.location.hash);
    if (linked === null || started.current) return;
    started.current = true;
    // The key must not stay in the address bar or in the history.
    globalThis.history.replaceState(null, "", globalThis.location.pathname);
    setKey(linked);
    void enter(linked);
  });

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (key.trim() !== "") void enter(key.trim());
  }

  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-4" method="post">
      <Field label="API key" hint="Kept in an http-only cookie for 12 hours." error={error}>
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
  if (error instanceof ProblemError && error.status === 401)
    return "This key is not known here, has expired, or was revoked.";
  return describeError(error).detail;
}
