"use client";

import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../_components/ui/button.tsx";

/** A page that broke while it was drawn. The frame around it, with navigation and live state, stays. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  if (isOfAnotherBuild(error)) {
    return (
      <Broken title="Headroom was updated" action="Load the new version" onAction={() => location.reload()}>
        This page was opened before the update, and one of its parts is no longer available.
      </Broken>
    );
  }
  return (
    <Broken title="This page failed" action="Try again" onAction={reset}>
      The rest of Headroom goes on. Try it again; if it breaks again, the server's log has the cause
      {error.digest ? (
        <>
          {" "}
          under <code className="font-mono text-12">{error.digest}</code>
        </>
      ) : null}
      .
    </Broken>
  );
}

/** A server that was updated under an open page no longer has the scripts that the page would load next. */
function isOfAnotherBuild(error: Error): boolean {
  return error.name === "ChunkLoadError" || /failed to load chunk/i.test(error.message);
}

function Broken(props: { title: string; children: ReactNode; action: string; onAction: () => void }) {
  return (
    <div role="alert" className="mx-auto max-w-lg py-16 text-center">
      <h1 className="text-20">{props.title}</h1>
      <p className="mt-2 text-13">{props.children}</p>
      <Button className="mt-4" onClick={props.onAction}>
        <RotateCw aria-hidden className="size-4" /> {props.action}
      </Button>
    </div>
  );
}
