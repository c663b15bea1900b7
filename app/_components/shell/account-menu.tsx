"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, CircleUser, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { useRouter } from "next/navigation";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { meQuery, signOut } from "../../../lib/client/queries/session.ts";
import { Button } from "../ui/button.tsx";
import { toastError } from "../ui/toast.ts";
import { chooseTheme, currentTheme, type ThemeChoice } from "./theme.ts";

const ITEM =
  "flex h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-13 text-strong outline-none data-[highlighted]:bg-surface-2";

const THEMES: readonly { value: ThemeChoice; label: string; icon: typeof Sun }[] = [
  { value: "system", label: "System", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

/** Who is signed in, the theme, the API's documentation, and the way out. */
export function AccountMenu() {
  const { data: me } = useQuery(meQuery);
  const [theme, setTheme] = useState<ThemeChoice>("system");
  const router = useRouter();
  const client = useQueryClient();

  async function leave() {
    try {
      await signOut();
      client.clear();
      router.push("/sign-in");
    } catch (error) {
      toastError(error);
    }
  }

  return (
    <DropdownMenu.Root onOpenChange={(open) => open && setTheme(currentTheme())}>
      <DropdownMenu.Trigger asChild>
        <Button variant="ghost" size="icon" aria-label="Account and theme">
          <CircleUser aria-hidden className="size-4.5" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          sideOffset={4}
          className="z-50 w-60 rounded-md border border-line bg-surface-1 p-1 shadow-panel"
        >
          <div className="px-2 py-1.5">
            <p className="truncate font-medium text-13 text-strong">{me?.name ?? "…"}</p>
            <p className="truncate text-12 text-faint">{me ? `${me.role} · namespace ${me.namespace}` : "…"}</p>
          </div>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Label className="px-2 pt-1 pb-0.5 text-12 text-faint">Theme</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={theme}>
            {THEMES.map(({ value, label, icon: Icon }) => (
              <DropdownMenu.RadioItem key={value} value={value} className={ITEM} onSelect={() => chooseTheme(value)}>
                <Icon aria-hidden className="size-4 text-faint" />
                <span className="grow">{label}</span>
                <DropdownMenu.ItemIndicator className="text-12 text-accent">chosen</DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={ITEM} asChild>
            <a href="/docs">
              <BookOpen aria-hidden className="size-4 text-faint" /> API documentation
            </a>
          </DropdownMenu.Item>
          <DropdownMenu.Item className={ITEM} onSelect={() => void leave()}>
            <LogOut aria-hidden className="size-4 text-faint" /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
