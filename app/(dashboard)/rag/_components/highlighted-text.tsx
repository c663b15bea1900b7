import { type HighlightedPart, highlightedParts } from "./highlighted-parts.ts";

/** A passage with the question's words lit. It is text, whatever it says: nothing in it is markup. */
export function HighlightedText({ text, question }: { text: string; question: string }) {
  return (
    <p className="whitespace-pre-wrap break-words text-13 text-strong">
      {highlightedParts(text, question).map(({ start, part, isHighlighted }: HighlightedPart) =>
        isHighlighted ? (
          <mark
            key={start}
            className="rounded-sm bg-warn-wash font-medium text-strong underline decoration-2 decoration-warn underline-offset-2"
          >
            {part}
          </mark>
        ) : (
          part
        ),
      )}
    </p>
  );
}
