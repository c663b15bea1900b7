"use client";

import { SunMoon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { Mark } from "./side-nav.tsx";
import { SignInLink } from "./sign-in-link.tsx";
import { SkipLink } from "./skip-link.tsx";
import { MENU_CONTENT, ThemeChoices } from "./theme-choices.tsx";

/**
 * What is around a page that nobody has signed in for: the name, the theme and the ways on. These are links of the
 * browser's own: the frame behind the sign-in is another one, so the whole page has to load.
 */
export function PublicFrame({ path, children }: { path: string; children: ReactNode }) {
  return (
    <div className="min-h-dvh">
      <SkipLink />
      <header className="sticky top-0 z-20 border-line border-b bg-surface-1">
        <div className="mx-auto flex h-14 max-w-[1488px] items-center gap-2 px-4 sm:px-6">
          <a href="/" className="mr-auto flex h-9 items-center gap-2.5 text-strong">
            <Mark />
            <span className="font-semibold text-14 tracking-tight">Headroom</span>
          </a>
          <ThemeMenu />
          <Button asChild>
            <SignInLink path={path} />
          </Button>
        </div>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto flex max-w-[1488px] flex-col gap-6 px-4 py-6 outline-none sm:px-6"
      >
        {children}
      </main>
    </div>
  );
}

function ThemeMenu() {
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button variant="ghost" size="icon" aria-label="Theme">
          <SunMoon aria-hidden className="size-4.5" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className={MENU_CONTENT}>
          <ThemeChoices />
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
