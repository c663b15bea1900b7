"use client";

import { Command } from "cmdk";
import { Clock, Keyboard, type LucideIcon, Moon, Pause, Play, Sun, Zap } from "lucide-react";
import { useRouter } from "next/navigation";
import { Dialog } from "radix-ui";
import { useLiveConnection, useLiveState } from "../../../lib/client/live/live-context.tsx";
import { RANGE_NAMES, RANGES } from "../../../lib/client/timeline/range.ts";
import { NAVIGATION } from "./navigation.ts";
import { chooseTheme } from "./theme.ts";
import { useKeepView, useRange } from "./view-state.ts";

/** ⌘K: every page and every action of the frame, found by typing. */
export function CommandPalette(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onOptimize: () => void;
  onHelp: () => void;
}) {
  const { open, onOpenChange, onOptimize, onHelp } = props;
  const router = useRouter();
  const live = useLiveConnection();
  const { paused } = useLiveState();
  const [, setRange] = useRange();
  const keepView = useKeepView();

  function then(action: () => void) {
    return () => {
      onOpenChange(false);
      action();
    };
  }

  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[12dvh] left-1/2 z-50 w-[min(560px,calc(100vw-32px))] -translate-x-1/2 overflow-hidden rounded-md border border-line bg-surface-1 shadow-panel"
        >
          <Dialog.Title className="sr-only">Find anything</Dialog.Title>
          <Command label="Find anything" loop>
            <Command.Input
              placeholder="Find a page or an action …"
              className="h-12 w-full border-line border-b bg-transparent px-4 text-14 text-strong outline-none placeholder:text-faint"
            />
            <Command.List className="max-h-[min(420px,60dvh)] overflow-y-auto p-2">
              <Command.Empty className="px-3 py-6 text-center text-13 text-soft">Nothing is called that.</Command.Empty>
              <Group heading="Pages">
                {NAVIGATION.map(({ href, label, icon, key, answers }) => (
                  <Item
                    key={href}
                    icon={icon}
                    label={label}
                    hint={answers}
                    keys={`g ${key}`}
                    onSelect={then(() => router.push(keepView(href)))}
                  />
                ))}
              </Group>
              <Group heading="Actions">
                <Item
                  icon={Zap}
                  label="Optimize memory"
                  hint="Preview what a run would free"
                  keys="o"
                  onSelect={then(onOptimize)}
                />
                <Item
                  icon={paused ? Play : Pause}
                  label={paused ? "Resume live figures" : "Pause live figures"}
                  keys="p"
                  onSelect={then(() => (paused ? live.resume() : live.pause()))}
                />
                <Item icon={Sun} label="Light theme" onSelect={then(() => chooseTheme("light"))} />
                <Item icon={Moon} label="Dark theme" onSelect={then(() => chooseTheme("dark"))} />
                <Item icon={Keyboard} label="Keyboard shortcuts" keys="?" onSelect={then(onHelp)} />
              </Group>
              <Group heading="Time range">
                {RANGES.map((range) => (
                  <Item
                    key={range}
                    icon={Clock}
                    label={RANGE_NAMES[range]}
                    onSelect={then(() => void setRange(range))}
                  />
                ))}
              </Group>
            </Command.List>
          </Command>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Group({ heading, children }: { heading: string; children: React.ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-12 [&_[cmdk-group-heading]]:text-faint"
    >
      {children}
    </Command.Group>
  );
}

function Item(props: { icon: LucideIcon; label: string; hint?: string; keys?: string; onSelect: () => void }) {
  const Icon = props.icon;
  return (
    <Command.Item
      value={`${props.label} ${props.hint ?? ""}`}
      onSelect={props.onSelect}
      className="flex h-10 cursor-pointer items-center gap-3 rounded-md px-3 text-13 text-strong data-[selected=true]:bg-surface-2"
    >
      <Icon aria-hidden className="size-4 shrink-0 text-faint" />
      <span className="shrink-0">{props.label}</span>
      <span className="min-w-0 grow truncate text-12 text-faint">{props.hint}</span>
      {props.keys ? <kbd className="font-mono text-12 text-faint">{props.keys}</kbd> : null}
    </Command.Item>
  );
}
