import { useState } from "preact/hooks";
import { bytes, integer, quality, seconds, short, title } from "./format";
import { KindBadge } from "./kind_badge";
import type { Encoder, Evaluation, Page } from "./page";
import { SubsetBadge, SubsetNote } from "./subset";

function CopyLine({ label, line }: { label: string; line: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard?.writeText(line).then(() => setCopied(true), () => setCopied(false));
  };
  return (
    <div class="command">
      <span class="muted">{label}</span>
      <code tabIndex={0}>{line}</code>
      <button type="button" onClick={copy}>{copied ? "Copied" : "Copy"}</button>
    </div>
  );
}

interface TileProps { label: string; value: string; note: string; badge?: preact.ComponentChildren }

function Tile({ label, value, note, badge }: TileProps) {
  return (
    <div class="tile">
      <div class="tile-label">{label} {badge}</div>
      <div class="tile-value">{value}</div>
      <div class="muted">{note}</div>
    </div>
  );
}

function Tiles({ page, pair, encoder }: { page: Page; pair: Evaluation; encoder: Encoder }) {
  const { share } = page.quality;
  const interval = (low: string, high: string) => `95 % interval ${low} to ${high}`;
  return (
    <div class="tiles">
      <Tile label={title(page.quality.title)} value={quality(pair.quality, share)}
        badge={<SubsetBadge page={page} />}
        note={"on development rows" + (pair.quality_low === null ? ""
          : `, ${interval(quality(pair.quality_low, share), quality(pair.quality_high, share))}`)} />
      <Tile label="Latency" value={seconds(pair.latency_s)} badge={<KindBadge kind={pair.kind} />}
        note={pair.latency_low_s === null ? "median"
          : interval(seconds(pair.latency_low_s), seconds(pair.latency_high_s))} />
      <Tile label="Parameters" value={short(encoder.parameters)}
        note={`${integer(encoder.parameters)} without the task's head`} />
      <Tile label="Memory" value={bytes(pair.memory_bytes)} note="peak resident while running" />
    </div>
  );
}

/**
 * The recommended pair beside what was run on the same rows, as bars on one scale. Baselines are
 * scored on the rows kept for the end, so only the pair's score on them may stand there.
 */
function Comparison({ page, pair, test }: { page: Page; pair: Evaluation; test: number | null }) {
  const { share, bounded, scored_on } = page.quality;
  const bars = [
    { name: `Encoder ${page.encoders[pair.encoder]?.trial}`, value: test, rows: "", own: true },
    ...page.baselines.map((one) => ({ name: one.name, value: one.quality, rows: one.rows, own: false })),
  ].filter((bar) => bar.value !== null);
  if (bars.length < 2) return null;
  const scale = bounded ? 1 : Math.max(...bars.map((bar) => Math.abs(bar.value ?? 0))) || 1;
  return (
    <div class="comparison">
      <h3>{title(page.quality.title)} on the {scored_on} <SubsetBadge page={page} /></h3>
      <ul>
        {bars.map((bar) => (
          <li key={bar.name} class={bar.own ? "own" : ""}>
            <span class="bar-name">{bar.name}{bar.rows && <small class="muted"> {bar.rows}</small>}</span>
            <span class="bar-track">
              <span class="bar" style={{ width: `${Math.max(0, 100 * (bar.value ?? 0) / scale)}%` }} />
            </span>
            <b>{quality(bar.value, share)}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Pairs({ rows }: { rows: [string, string][] }) {
  return <dl>{rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

export function Overview({ page }: { page: Page }) {
  const chosen = page.recommended;
  const pair = chosen && page.evaluations[chosen.evaluation];
  const encoder = pair && page.encoders[pair.encoder];
  if (!chosen || !pair || !encoder) {
    return (
      <div class="hero">
        <h2>No pair is recommended {page.study.finished ? "" : "yet"}</h2>
        <p class="muted">{page.study.finished
          ? "No encoder on any deployment satisfies the limits of this study."
          : "The study has not finished; what it has evaluated so far is below."}</p>
        <SubsetNote page={page} />
      </div>
    );
  }
  return (
    <>
      <div class="hero">
        <p class="eyebrow">Recommended pair</p>
        <h2>Encoder {encoder.trial} on {page.devices[pair.device]?.name}</h2>
        {chosen.reason && <p class="muted">{chosen.reason}</p>}
        <Tiles page={page} pair={pair} encoder={encoder} />
        <SubsetNote page={page} />
      </div>
      <div class="pair-columns">
        <Comparison page={page} pair={pair} test={chosen.test_quality} />
        {chosen.handed_over.length > 0 && (
          <div class="handed">
            <h3>Handed over</h3>
            <Pairs rows={chosen.handed_over} />
          </div>
        )}
      </div>
      {chosen.commands.map(([label, line]) => <CopyLine key={line} label={label} line={line} />)}
    </>
  );
}
