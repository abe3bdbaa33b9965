import { bytes, integer, quality, seconds, short, title } from "./format";
import { KindBadge } from "./kind_badge";
import { LayerStrips } from "./layer_strips";
import { finished, type Evaluation, type Page } from "./page";
import { colour, shape } from "./palette";

function figures(page: Page, evaluation: Evaluation): [string, string][] {
  const encoder = page.encoders[evaluation.encoder];
  const rung = encoder?.rungs[encoder.rungs.length - 1];
  const rows: [string, string][] = [
    [title(page.quality.title), quality(evaluation.quality, page.quality.share)],
    ["Latency", seconds(evaluation.latency_s)],
    ["Parameters", integer(encoder?.parameters ?? null)],
    ["Operations", encoder ? `${short(encoder.flops)}FLOP` : "—"],
  ];
  if (evaluation.memory_bytes !== null) rows.push(["Memory", bytes(evaluation.memory_bytes)]);
  if (evaluation.energy_j !== null) rows.push(["Energy", `${(1e3 * evaluation.energy_j).toPrecision(3)} mJ`]);
  if (rung) rows.push(["Trained on", `${integer(rung.tokens)} tokens`]);
  return rows;
}

/** What the selected evaluation is: its encoder, a strip a layer, and its figures. */
export function ModelCard({ page, selected }: { page: Page; selected: number | null }) {
  const evaluation = selected === null ? undefined : page.evaluations[selected];
  const encoder = evaluation && page.encoders[evaluation.encoder];
  if (!evaluation || !encoder) return <aside class="card muted">Choose a point to see its encoder.</aside>;
  return (
    <aside class="card" aria-live="polite" data-trial={encoder.trial}>
      <h3>Encoder {encoder.trial}</h3>
      <p class="card-device">
        <svg width="14" height="14" viewBox="-8 -8 16 16" aria-hidden="true">
          <path d={shape(evaluation.device, 90)} fill={colour(evaluation.device)} />
        </svg>
        {page.devices[evaluation.device]?.name} <KindBadge kind={evaluation.kind} />
      </p>
      {selected === page.recommended?.evaluation && <p class="mark">Recommended</p>}
      {!finished(page, evaluation) && <p class="mark quiet">Training {encoder.state === "stopped"
        ? "stopped early" : encoder.state}</p>}
      <LayerStrips encoder={encoder} />
      <dl>
        {figures(page, evaluation).map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
    </aside>
  );
}
