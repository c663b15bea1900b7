import { Server } from "lucide-react";
import type { AgentView } from "../../../../lib/contracts/leaks.ts";
import { formatBytes } from "../../../../lib/shared/bytes.ts";
import { STATE_WORDS } from "../../../_components/leaks/verdict-words.ts";
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
      <ul>
        <Row name="This server" note="itself" pressed={chosen === null} onPress={() => onChoose(null)} />
        {services.map((service) => (
          <Row
            key={service.name}
            name={service.name}
            pressed={chosen === service.name}
            onPress={() => onChoose(service.name)}
            state={service.state}
            note={
              <>
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
  state?: AgentView["state"];
}

function Row({ name, note, pressed, onPress, state }: RowProps) {
  const words = state ? STATE_WORDS[state] : null;
  return (
    <li className="flex flex-wrap items-center justify-between gap-3 border-line border-t px-4 py-2 text-13">
      <span className="min-w-0 truncate text-strong">{name}</span>
      <span className="flex items-center gap-3 text-faint">
        {words ? <Badge tone={words.tone}>{words.word}</Badge> : null}
        {note}
        <Button size="sm" aria-pressed={pressed} onClick={onPress}>
          {pressed ? "Shown" : "Show"}
        </Button>
      </span>
    </li>
  );
}
