"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useEffect, useState } from "react";
import { chooseTheme, currentTheme, type ThemeChoice } from "./theme.ts";

export const MENU_CONTENT = "z-50 w-60 rounded-md border border-line bg-surface-1 p-1 shadow-panel";
export const MENU_ITEM =
  "flex h-8 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-13 text-strong outline-none data-[highlighted]:bg-surface-2";

const THEMES: readonly { value: ThemeChoice; label: string; icon: typeof Sun }[] = [
  { value: "system", label: "System", icon: Monitor },
  { value: "light", label: "Light", icon: Sun },
  { value: "dark", label: "Dark", icon: Moon },
];

/** The theme as a part of a menu. It is read when the menu opens. */
export function ThemeChoices() {
  const [theme, setTheme] = useState<ThemeChoice>("system");
  useEffect(() => setTheme(currentTheme()), []);
  return (
    <>
      <DropdownMenu.Label className="px-2 pt-1 pb-0.5 text-12 text-faint">Theme</DropdownMenu.Label>
      <DropdownMenu.RadioGroup value={theme}>
        {THEMES.map(({ value, label, icon: Icon }) => (
          <DropdownMenu.RadioItem key={value} value={value} className={MENU_ITEM} onSelect={() => chooseTheme(value)}>
            <Icon aria-hidden className="size-4 text-faint" />
            <span className="grow">{label}</span>
            <DropdownMenu.ItemIndicator className="text-12 text-accent">chosen</DropdownMenu.ItemIndicator>
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
    </>
  );
}
