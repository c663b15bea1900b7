import type { ReactNode } from "react";
import { CopyButton } from "../../../_components/ui/copy-button.tsx";

/** Text to copy. `name` is its own on the page, for a screen reader. */
export function CodeBlock(props: { title: ReactNode; name: string; text: string }) {
  return (
    <div className="min-w-0">
      <div className="mb-1 flex h-7 items-center justify-between gap-2">
        <h4 className="font-semibold text-13 text-strong">{props.title}</h4>
        <CopyButton text={props.text} label={`Copy: ${props.name}`} />
      </div>
      <section
        aria-label={props.name}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-md border border-line bg-surface-2 p-3"
      >
        <pre className="whitespace-pre-wrap break-words font-mono text-12 text-strong [overflow-wrap:anywhere]">
          {props.text}
        </pre>
      </section>
    </div>
  );
}
