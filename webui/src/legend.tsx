import { kindsOf, type Kind, type Page } from "./page";
import { colour, shape } from "./palette";

const marks: Record<Kind, string> = { measured: "filled", modelled: "dashed outline", replayed: "outline" };

interface Props {
  page: Page;
  hidden: ReadonlySet<number>;
  onHidden: (hidden: ReadonlySet<number>) => void;
  stopped: boolean;
  onStopped: (shown: boolean) => void;
}

function toggled(set: ReadonlySet<number>, index: number): ReadonlySet<number> {
  const next = new Set(set);
  if (!next.delete(index)) next.add(index);
  return next;
}

/** One button a deployment, pressed while it is shown, and one for encoders stopped early. */
export function Legend({ page, hidden, onHidden, stopped, onStopped }: Props) {
  const some = page.encoders.some((encoder) => encoder.state === "stopped");
  return (
    <div class="legend" role="group" aria-label="What is shown">
      {page.devices.map((device, index) => (
        <button key={device.name} type="button" aria-pressed={!hidden.has(index)}
          onClick={() => onHidden(toggled(hidden, index))}>
          <svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true">
            <path d={shape(index, 90)} fill={colour(index)} />
          </svg>
          {device.name}
        </button>
      ))}
      {some && (
        <button type="button" aria-pressed={stopped} onClick={() => onStopped(!stopped)}>
          <svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true">
            <path class="small-mark" d={shape(0, 30)} />
          </svg>
          stopped early
        </button>
      )}
      {kindsOf(page).length > 1 && (
        <span class="muted">{kindsOf(page).map((kind) => `${kind}: ${marks[kind]}`).join(" · ")}</span>
      )}
    </div>
  );
}
