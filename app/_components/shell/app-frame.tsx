"use client";

import { usePathname, useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { LiveProvider, useLiveConnection, useLiveEvent } from "../../../lib/client/live/live-context.tsx";
import { stepRange } from "../../../lib/client/timeline/range.ts";
import type { MemoryAlert } from "../../../lib/contracts/events.ts";
import { LEVEL_WORD } from "../ui/level.tsx";
import { CommandPalette } from "./command-palette.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { KeyHelp } from "./key-help.tsx";
import type { Command } from "./keyboard.ts";
import { LeakBanner } from "./leak-banner.tsx";
import { NAVIGATION } from "./navigation.ts";
import { PageGate } from "./page-gate.tsx";
import { SideNav } from "./side-nav.tsx";
import { SkipLink } from "./skip-link.tsx";
import { TopBar } from "./top-bar.tsx";
import { useKeyboard } from "./use-keyboard.ts";
import { useKeepView, useOptimizeOpen, useRange } from "./view-state.ts";

/** What is around every page: navigation, top bar, keyboard, palette, and the live connection. */
export function AppFrame({ children }: { children: ReactNode }) {
  return (
    <LiveProvider>
      <Frame>{children}</Frame>
    </LiveProvider>
  );
}

/** Pages that have the Optimize button. */
const OPTIMIZE_PAGES = new Set(["/", "/optimizer"]);

function Frame({ children }: { children: ReactNode }) {
  const [overlay, setOverlay] = useState<"palette" | "help" | null>(null);
  const router = useRouter();
  const live = useLiveConnection();
  const [range, setRange] = useRange();
  const keepView = useKeepView();
  const hasButton = OPTIMIZE_PAGES.has(usePathname());
  const [, setOptimizeOpen] = useOptimizeOpen();
  // Where the button is, the plan opens at once; from elsewhere the way leads to the overview.
  const openOptimize = () => (hasButton ? void setOptimizeOpen(true) : router.push(keepView("/?optimize=true")));
  useLiveEvent("memory:alert", toastLevel);

  function run(command: Command) {
    switch (command.kind) {
      case "go": {
        const destination = NAVIGATION.find(({ key }) => key === command.key);
        if (destination) router.push(keepView(destination.href));
        return;
      }
      case "pause":
        return live.state.paused ? live.resume() : live.pause();
      case "range-shorter":
        return void setRange(stepRange(range, -1));
      case "range-longer":
        return void setRange(stepRange(range, 1));
      case "optimize":
        return openOptimize();
      case "help":
      case "palette":
        return setOverlay(command.kind);
    }
  }
  useKeyboard(run);

  return (
    <div className="flex min-h-dvh">
      <SkipLink />
      <SideNav />
      <div className="min-w-0 grow">
        <TopBar onPalette={() => setOverlay("palette")} />
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto flex max-w-[1488px] flex-col gap-6 px-4 py-6 outline-none sm:px-6"
        >
          <LeakBanner />
          <PageGate>{children}</PageGate>
        </main>
      </div>
      <ConnectionBanner />
      <CommandPalette
        open={overlay === "palette"}
        onOpenChange={(open) => setOverlay(open ? "palette" : null)}
        onOptimize={openOptimize}
        onHelp={() => setOverlay("help")}
      />
      <KeyHelp open={overlay === "help"} onOpenChange={(open) => setOverlay(open ? "help" : null)} />
    </div>
  );
}

/** The level changed: the one thing that may speak up by itself. */
function toastLevel({ level, message }: MemoryAlert): void {
  const say = { normal: toast.success, elevated: toast.warning, critical: toast.error }[level];
  say(LEVEL_WORD[level], { description: message });
}
