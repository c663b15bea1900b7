"use client";

import { GitCompareArrows, Menu, Search } from "lucide-react";
import { useState } from "react";
import { Only } from "../role/only.tsx";
import { Button } from "../ui/button.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { ConnectionState, PauseButton } from "./connection-state.tsx";
import { HealthWord } from "./health-word.tsx";
import { RangePicker } from "./range-picker.tsx";
import { NavigationList } from "./side-nav.tsx";
import { useCompare } from "./view-state.ts";

export function TopBar({ onPalette }: { onPalette: () => void }) {
  return (
    <header className="sticky top-0 z-20 border-line border-b bg-surface-1">
      <div className="mx-auto flex max-w-[1488px] flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5 sm:px-6 md:h-14 md:py-0">
        <MobileNavigation />
        {/* Without a basis of its own it never wraps the row: not in a wider fallback font, not while "Connecting" stands beside it. */}
        <div className="min-w-0 grow basis-0 overflow-hidden md:grow-0 md:basis-auto">
          <Only roles="viewer">
            <HealthWord />
          </Only>
        </div>
        <div className="order-last flex w-full items-center gap-2 md:order-none md:ml-auto md:w-auto">
          <Only roles="viewer">
            <RangePicker />
            <CompareButton />
            <PauseButton />
          </Only>
        </div>
        <div className="flex shrink-0 items-center gap-2">
          <ConnectionState />
          <Tooltip content="Find anything (⌘K)">
            <Button variant="ghost" size="icon" aria-label="Find anything" onClick={onPalette}>
              <Search aria-hidden className="size-4" />
            </Button>
          </Tooltip>
          <AccountMenu />
        </div>
      </div>
    </header>
  );
}

function CompareButton() {
  const [compare, setCompare] = useCompare();
  return (
    <Tooltip content="Compare with the previous period">
      <Button
        size="icon"
        aria-pressed={compare}
        aria-label="Compare with the previous period"
        className="aria-pressed:bg-accent-wash aria-pressed:text-accent"
        onClick={() => void setCompare(!compare)}
      >
        <GitCompareArrows aria-hidden className="size-4" />
      </Button>
    </Tooltip>
  );
}

function MobileNavigation() {
  const [open, setOpen] = useState(false);
  return (
    <div className="sm:hidden">
      <Button variant="ghost" size="icon" aria-label="Pages" onClick={() => setOpen(true)}>
        <Menu aria-hidden className="size-4.5" />
      </Button>
      <Sheet open={open} onOpenChange={setOpen} title="Headroom" side="left">
        <nav aria-label="Pages">
          <NavigationList compact={false} onNavigate={() => setOpen(false)} />
        </nav>
      </Sheet>
    </div>
  );
}
