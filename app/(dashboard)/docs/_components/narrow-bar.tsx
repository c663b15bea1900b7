"use client";

import { Search } from "lucide-react";
import { useId } from "react";
import type { ApiDocument, Group } from "../../../../lib/client/api-document/document.ts";
import type { Narrowing } from "../../../../lib/client/api-document/narrow.ts";
import { Input, Select } from "../../../_components/ui/field.tsx";
import { ROLE_CHOICES } from "./use-narrowing.ts";

const countOf = (groups: readonly Group[]): number =>
  groups.reduce((sum, { operations }) => sum + operations.length, 0);

/** Looks for operations by words, group and role. */
export function NarrowBar(props: {
  document: ApiDocument;
  found: readonly Group[];
  narrowing: Narrowing;
  onNarrow: (change: Partial<Narrowing>) => void;
}) {
  const { document, found, narrowing, onNarrow } = props;
  const id = useId();
  return (
    <search className="flex flex-wrap items-center gap-3">
      <div className="relative min-w-0 grow basis-64 sm:max-w-md">
        <label htmlFor={`${id}-text`} className="sr-only">
          Find operations
        </label>
        <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-faint" />
        <Input
          id={`${id}-text`}
          type="search"
          placeholder="Path, name, parameter …"
          className="pl-9"
          value={narrowing.text}
          onChange={(event) => onNarrow({ text: event.target.value })}
        />
      </div>
      <label htmlFor={`${id}-group`} className="sr-only">
        Group
      </label>
      <Select
        id={`${id}-group`}
        className="w-auto grow basis-32 sm:grow-0 sm:basis-auto lg:hidden"
        value={narrowing.group}
        onChange={(event) => onNarrow({ group: event.target.value })}
      >
        <option value="">All groups</option>
        {document.groups.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </Select>
      <label htmlFor={`${id}-role`} className="sr-only">
        Role
      </label>
      <Select
        id={`${id}-role`}
        className="w-auto grow basis-32 sm:grow-0 sm:basis-auto"
        value={narrowing.role}
        onChange={(event) => onNarrow({ role: event.target.value })}
      >
        {ROLE_CHOICES.map((role) => (
          <option key={role} value={role}>
            {role === "" ? "All roles" : `What a ${role} may call`.replace("a operator", "an operator")}
          </option>
        ))}
      </Select>
      <p role="status" className="tabular w-full text-12 text-faint sm:ml-auto sm:w-auto">
        {countOf(found)} of {countOf(document.groups)} operations · version {document.version}
      </p>
    </search>
  );
}
