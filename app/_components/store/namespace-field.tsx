"use client";

import { parseAsString, useQueryState } from "nuqs";
import { useEffect, useId, useState } from "react";
import { DEFAULT_NAMESPACE } from "../../../lib/contracts/auth.ts";
import { namespaceSchema } from "../../../lib/contracts/common.ts";
import { Input } from "../ui/field.tsx";

/** Whose items are listed, in the URL. */
export function useNamespace() {
  return useQueryState("namespace", parseAsString.withDefault(DEFAULT_NAMESPACE));
}

/** Stores keep namespaces apart; an operator may look into each. Applies on Enter and on leaving. */
export function NamespaceField() {
  const [namespace, setNamespace] = useNamespace();
  const id = useId();
  const [text, setText] = useState(namespace);
  useEffect(() => setText(namespace), [namespace]);
  const valid = namespaceSchema.safeParse(text).success;
  const apply = () => valid && void setNamespace(text);
  return (
    <label htmlFor={id} className="flex items-center gap-2 text-12 text-faint">
      Namespace
      <Input
        id={id}
        className="h-8 w-32 text-12"
        value={text}
        aria-invalid={!valid}
        onChange={(event) => setText(event.target.value)}
        onBlur={apply}
        onKeyDown={(event) => event.key === "Enter" && apply()}
      />
    </label>
  );
}
