/** As much as a person reads; a page with megabytes of text would stand still. */
const MOST_CHARACTERS = 64 * 1024;

/** Foreign text, shown as text and nothing else. */
export function TextPreview({ text, label, cut = false }: { text: string; label: string; cut?: boolean }) {
  const isCut = cut || text.length > MOST_CHARACTERS;
  return (
    <figure>
      <figcaption className="mb-1.5 text-12 text-faint">
        {label}
        {isCut ? ", first part only" : ""}
      </figcaption>
      <section
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-md border border-line bg-surface-2 p-3"
      >
        <pre className="whitespace-pre-wrap break-words font-mono text-12 text-strong">
          {text.slice(0, MOST_CHARACTERS)}
        </pre>
      </section>
    </figure>
  );
}
