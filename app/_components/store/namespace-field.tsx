"use client";

import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryState } from "nuqs";
import { useEffect, useId, useState } from "react";
import { meQuery } from "../../../lib/client/queries/session.ts";
import { DEFAULT_NAMESPACE } from "../../../lib/contracts/auth.ts";
import { namespaceSchema } from "../../../lib/contracts/common.ts";
import { Only } from "../role/only.tsx";
import { Input } from "../ui/field.tsx";

/** Whose items are listed: the key's own namespace, or the one in the URL that an operator picked. */
export function useNamespace(): [namespace: string, pick: (namespace: string) => void] {
  const { data: me } = useQuery(meQuery);
  const [picked, setPicked] = useQueryState("namespace", parseAsString);
  const own = me?.namespace ?? DEFAULT_NAMESPACE;
  const mayPick = me === undefined || me.role === "operator";
  return [mayPick ? (picked ?? own) : own, (namespace) => void setPicked(namespace === own ? null : namespace)];
}

/** Stores keep namespaces apart; an operator may look into each. Applies on Enter and on leaving. */
export function NamespaceField() {
  return (
    <Only roles="operator">
      <Picker />
    </Only>
  );
}

function Picker() {
  const [namespace, setNamespace] = useNamespace();
  const id = useId();
  const [text, setText] = useState(namespace);
  useEffect(() => setText(namespace), [namespace]);
  const valid = namespaceSchema.safeParse(text).success;
  const apply = () => valid && setNamespace(text);
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
