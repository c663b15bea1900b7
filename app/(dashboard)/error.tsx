"use client";

import { RotateCw } from "lucide-react";
import { Button } from "../_components/ui/button.tsx";

/** A page that broke while it was drawn. The frame around it, with navigation and live state, stays. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div role="alert" className="mx-auto max-w-lg py-16 text-center">
      <h1 className="text-20">This page broke</h1>
      <p className="mt-2 text-13">
        The rest of Headroom goes on. Try it again; if it breaks again, the server's log has the cause
        {error.digest ? (
          <>
            {" "}
            under <code className="font-mono text-12">{error.digest}</code>
          </>
        ) : null}
        .
      </p>
      <Button className="mt-4" onClick={reset}>
        <RotateCw aria-hidden className="size-4" /> Try again
      </Button>
    </div>
  );
}
