"use client";

import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { useReturnFocus } from "./use-return-focus.ts";

/** A panel from the edge: navigation on a phone (left), the details of one row (right). */
export function Sheet(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  side?: "left" | "right";
  children: ReactNode;
}) {
  const { open, onOpenChange, title, side = "right", children } = props;
  const returnFocus = useReturnFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...returnFocus}
          aria-describedby={undefined}
          className={classNames(
            "fixed inset-y-0 z-50 flex flex-col border-line bg-surface-1 shadow-panel",
            side === "left" ? "left-0 w-72 border-r" : "right-0 w-[min(560px,100vw)] border-l",
          )}
        >
          {/* No <header>: in a portal that would be a second banner of the page. */}
          <div className="flex h-14 shrink-0 items-center justify-between gap-4 px-4">
            <Radix.Title className="truncate text-16">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button variant="ghost" size="icon-sm" aria-label="Close">
                <X aria-hidden className="size-4" />
              </Button>
            </Radix.Close>
          </div>
          <div className="min-h-0 grow overflow-y-auto px-4 pb-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
