"use client";

import { useEffect, useRef } from "react";
import { type Command, commandFor, PREFIX_MS } from "./keyboard.ts";

const TEXT = "input, textarea, select, [contenteditable='true'], [role='dialog'], [role='menu']";

/** Calls `run` for each command typed anywhere on the page. */
export function useKeyboard(run: (command: Command) => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    let prefixAtMs = Number.NEGATIVE_INFINITY;
    function onKeyDown(event: KeyboardEvent) {
      const target = event.target;
      const typing = target instanceof Element && target.closest(TEXT) !== null;
      const command = commandFor({ ...readKeys(event), typing }, event.timeStamp - prefixAtMs < PREFIX_MS);
      prefixAtMs = command?.kind === "prefix" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      if (command === null || command.kind === "prefix") return;
      event.preventDefault();
      latest.current(command);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function readKeys({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) {
  return { key, ctrlKey, metaKey, altKey };
}
