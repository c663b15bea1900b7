"use client";

import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

/** Asks before what cannot be undone. The button says the verb, never "OK". */
export function ConfirmDialog(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  verb: string;
  busy?: boolean;
  onConfirm: () => void;
}) {
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.title}
      width="sm"
      footer={
        <>
          <Button onClick={() => props.onOpenChange(false)}>Cancel</Button>
          <Button variant="danger" busy={props.busy ?? false} onClick={props.onConfirm}>
            {props.verb}
          </Button>
        </>
      }
    >
      <div className="text-13">{props.children}</div>
    </Dialog>
  );
}
