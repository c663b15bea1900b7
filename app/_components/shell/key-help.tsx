"use client";

import { Dialog } from "../ui/dialog.tsx";
import { KEY_HELP } from "./keyboard.ts";
import { NAVIGATION } from "./navigation.ts";

export function KeyHelp({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const rows = [...KEY_HELP, ...NAVIGATION.map(({ key, label }) => ({ keys: `g ${key}`, does: `Go to ${label}` }))];
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard">
      <table className="w-full text-13">
        <tbody>
          {rows.map(({ keys, does }) => (
            <tr key={keys} className="h-9 border-line border-t first:border-t-0">
              <td className="w-36">
                <kbd className="rounded-sm border border-line bg-surface-2 px-1.5 py-0.5 font-mono text-12 text-strong">
                  {keys}
                </kbd>
              </td>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
