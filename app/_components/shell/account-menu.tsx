"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { BookOpen, CircleUser, LogOut } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { DropdownMenu } from "radix-ui";
import { DOCS_PATH } from "../../../lib/client/own-path.ts";
import { meQuery, signOut } from "../../../lib/client/queries/session.ts";
import { Button } from "../ui/button.tsx";
import { toastError } from "../ui/toast.ts";
import { MENU_CONTENT, MENU_ITEM, ThemeChoices } from "./theme-choices.tsx";

/** Who is signed in, the theme, the API's documentation, and the way out. */
export function AccountMenu() {
  const { data: me } = useQuery(meQuery);
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
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button variant="ghost" size="icon" aria-label="Account and theme">
          <CircleUser aria-hidden className="size-4.5" />
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={4} className={MENU_CONTENT}>
          <div className="px-2 py-1.5">
            <p className="truncate font-medium text-13 text-strong">{me?.name ?? "…"}</p>
            <p className="truncate text-12 text-faint">{me ? `${me.role} · namespace ${me.namespace}` : "…"}</p>
          </div>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <ThemeChoices />
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item className={MENU_ITEM} asChild>
            <Link href={DOCS_PATH}>
              <BookOpen aria-hidden className="size-4 text-faint" /> API documentation
            </Link>
          </DropdownMenu.Item>
          <DropdownMenu.Item className={MENU_ITEM} onSelect={() => void leave()}>
            <LogOut aria-hidden className="size-4 text-faint" /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
