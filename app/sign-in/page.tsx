import type { Metadata } from "next";
import { headers } from "next/headers";
import { ownPath } from "../../lib/client/own-path.ts";
import { identitySchema } from "../../lib/contracts/auth.ts";
import { Mark } from "../_components/shell/side-nav.tsx";
import { ask } from "../_server/ask.ts";
import { SignInForm } from "./_components/sign-in-form.tsx";

export const metadata: Metadata = { title: "Sign in" };

// Each answer carries its own nonce, so the page is made per request.
export const dynamic = "force-dynamic";

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const [me, incoming, { next }] = await Promise.all([ask(identitySchema, "/api/v1/auth/me"), headers(), searchParams]);
  // What was typed, pasted or opened from outside a browser says `none`; an old browser says nothing.
  const site = incoming.get("sec-fetch-site");
  return (
    <main className="flex min-h-dvh items-center justify-center px-4 py-12">
      <div className="w-full max-w-sm">
        <div className="mb-6 flex items-center gap-2.5 text-strong">
          <Mark />
          <span className="font-semibold text-16 tracking-tight">Headroom</span>
        </div>
        <div className="rounded-md border border-line bg-surface-1 p-6">
          <h1 className="text-20">Sign in</h1>
          <p className="mt-1 mb-5 text-13">
            With an API key of this server. The first one was printed, with a link, when the server was first started.
          </p>
          <SignInForm
            current={me.ok ? me.data.name : null}
            fromElsewhere={site === "cross-site" || site === "same-site"}
            next={ownPath(next)}
          />
        </div>
      </div>
    </main>
  );
}
