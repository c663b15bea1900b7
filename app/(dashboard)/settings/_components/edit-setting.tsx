"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { describeError } from "../../../../lib/client/problem.ts";
import { auditQuery } from "../../../../lib/client/queries/audit.ts";
import { patchSettings, settingsQuery } from "../../../../lib/client/queries/settings.ts";
import type { SettingsPatch } from "../../../../lib/contracts/settings.ts";
import { Button } from "../../../_components/ui/button.tsx";
import { Dialog } from "../../../_components/ui/dialog.tsx";
import { Field, type FieldControl, Input, Select } from "../../../_components/ui/field.tsx";
import { toastDone } from "../../../_components/ui/toast.ts";
import { formatSetting, type Setting, takes } from "./setting-labels.ts";

/** Changes one setting, or returns it to its default. The server checks; its words are shown at the field. */
export function EditSetting({ setting, onClose }: { setting: Setting; onClose: () => void }) {
  const [text, setText] = useState(String(setting.value));
  const client = useQueryClient();
  const formId = useId();
  const change = useMutation({
    mutationFn: (value: number | string | null) => patchSettings({ [setting.name]: value } as SettingsPatch),
    onSuccess: (view, value) => {
      client.setQueryData(settingsQuery.queryKey, view);
      void client.invalidateQueries({ queryKey: auditQuery.queryKey });
      const now = value === null ? setting.default : value;
      toastDone("Changed", `${setting.description}: ${formatSetting(now, setting.unit)}`);
      onClose();
    },
  });

  function onSubmit(event: FormEvent) {
    event.preventDefault();
    change.mutate(typeof setting.value === "number" ? Number(text) : text);
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={setting.description}
      description={<span className="font-mono text-12">{setting.variable}</span>}
      width="sm"
      footer={
        <>
          {setting.source === "stored" ? (
            <Button className="mr-auto" disabled={change.isPending} onClick={() => change.mutate(null)}>
              Default: {formatSetting(setting.default, setting.unit)}
            </Button>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" busy={change.isPending}>
            Apply
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={onSubmit}>
        <Field label="Value" hint={takes(setting)} error={change.isError ? describeError(change.error).detail : null}>
          {(control) => <ValueInput control={control} setting={setting} text={text} onText={setText} />}
        </Field>
      </form>
    </Dialog>
  );
}

function ValueInput(props: { control: FieldControl; setting: Setting; text: string; onText: (text: string) => void }) {
  const { control, setting, text, onText } = props;
  if (setting.choices) {
    return (
      <Select {...control} value={text} onChange={(event) => onText(event.target.value)}>
        {setting.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </Select>
    );
  }
  return (
    <Input
      {...control}
      type="number"
      step="any"
      required
      className="tabular"
      value={text}
      min={setting.minimum ?? undefined}
      max={setting.maximum ?? undefined}
      onChange={(event) => onText(event.target.value)}
    />
  );
}
