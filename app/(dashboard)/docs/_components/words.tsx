import { Fragment } from "react";

/** A path that may break after each slash, with its parameters told apart. */
export function PathText({ path }: { path: string }) {
  const parts = path.split(/(?<=\/)|(\{\w+\})/).filter((part) => part !== undefined && part !== "");
  let at = 0;
  return (
    <span className="block break-words font-medium font-mono text-13 text-strong">
      {parts.map((part) => {
        at += part.length;
        return (
          <Fragment key={at}>
            {part.startsWith("{") ? <span className="text-faint">{part}</span> : part}
            {part.endsWith("/") ? <wbr /> : null}
          </Fragment>
        );
      })}
    </span>
  );
}

/** Text of the description: what stands in backticks is code. */
export function Words({ text }: { text: string }) {
  let at = 0;
  return text.split("`").map((part, index) => {
    at += part.length + 1;
    if (index % 2 === 0) return <Fragment key={at}>{part}</Fragment>;
    return (
      <code key={at} className="break-words font-mono text-12 text-strong">
        {part}
      </code>
    );
  });
}
