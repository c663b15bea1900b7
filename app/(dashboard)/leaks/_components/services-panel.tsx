import { Server } from "lucide-react";
import type { AgentView } from "../../../../lib/contracts/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { verdictLabel } from "../../../_components/leaks/verdict-labels.ts";
import { Badge } from "../../../_components/ui/badge.tsx";
import { Button } from "../../../_components/ui/button.tsx";
import { Panel } from "../../../_components/ui/panel.tsx";
import type { PanelState } from "../../../_components/ui/panel-state.ts";
import { RelativeTime } from "../../../_components/ui/relative-time.tsx";

interface Props {
  services: readonly AgentView[];
  state: PanelState;
  chosen: string | null;
  onChoose: (name: string | null) => void;
}

/** The services that send their samples here, and this server; the chosen one is what the rest of the page shows. */
export function ServicesPanel({ services, state, chosen, onChoose }: Props) {
  return (
    <Panel title="Watched services" icon={Server} state={state} minHeight="96px" flush>
      {/* More than a screen half full of services scroll, so that the verdict on the chosen one stays near them. */}
      <ul className="max-h-72 overflow-y-auto">
        <Row name="This server" note="itself" pressed={chosen === null} onPress={() => onChoose(null)} />
        {services.map((service) => (
          <Row
            key={service.name}
            name={service.name}
            pressed={chosen === service.name}
            onPress={() => onChoose(service.name)}
            service={service}
            note={
              <>
                {service.processes.length > 1 ? `${service.processes.length} processes · ` : ""}
                {formatBytes(service.rssBytes)} · <RelativeTime atMs={Date.parse(service.lastSeenAt)} />
              </>
            }
          />
        ))}
      </ul>
      {services.length === 0 ? (
        <p className="border-line border-t px-4 py-3 text-13 text-soft">
          Any Node service can be watched beside it: <code>node --import ./agent/headroom-agent.mjs app.js</code>, with{" "}
          <code>HEADROOM_AGENT_URL</code> and <code>HEADROOM_AGENT_KEY</code>.
        </p>
      ) : null}
    </Panel>
  );
}

interface RowProps {
  name: string;
  note: React.ReactNode;
  pressed: boolean;
  onPress: () => void;
  service?: AgentView;
}

function Row({ name, note, pressed, onPress, service }: RowProps) {
  const label = service ? verdictLabel(service) : null;
  const badge = label ? <Badge tone={label.tone}>{label.word}</Badge> : null;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-3 gap-y-1 border-line border-t px-4 py-2 text-13 sm:grid-cols-[1fr_auto_auto_auto]">
      <span className="col-span-2 min-w-0 truncate text-strong sm:col-span-1" title={name}>
        {name}
      </span>
      <span className="hidden sm:block">{badge}</span>
      <span className="tabular flex items-center gap-2 whitespace-nowrap text-faint sm:justify-end">
        {badge ? <span className="sm:hidden">{badge}</span> : null}
        <span>{note}</span>
      </span>
      <Button size="sm" className="justify-center sm:min-w-16" aria-pressed={pressed} onClick={onPress}>
        {pressed ? "Shown" : "Show"}
      </Button>
    </li>
  );
}
