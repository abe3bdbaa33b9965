import { scaleLinear, scaleLog } from "d3-scale";
import { curveStepAfter, line } from "d3-shape";
import { useMemo, useRef, useState } from "preact/hooks";
import { Frame, logTicks, margin, padded, useWidth } from "./chart_frame";
import { label, quality, seconds, title } from "./format";
import { Legend } from "./legend";
import { finished, kindsOf, type Evaluation, type Kind, type Page } from "./page";
import { colour, shape } from "./palette";
import type { Selection } from "./selection";

// Square pixels of a symbol; a crowd gets smaller ones.
const area = { full: 90, crowded: 46, stopped: 30, crowd: 400 };

/** An evaluation with a place in the picture. */
interface Point { index: number; evaluation: Evaluation; latency: number; quality: number }

function pointsOf(page: Page): Point[] {
  return page.evaluations
    .map((evaluation, index) => ({
      index, evaluation, latency: evaluation.latency_s ?? 0, quality: evaluation.quality ?? NaN,
    }))
    .filter((point) => point.latency > 0 && Number.isFinite(point.quality))
    .sort((a, b) => a.latency - b.latency || a.index - b.index);
}

function describe(page: Page, { evaluation }: Point): string {
  const encoder = page.encoders[evaluation.encoder];
  return `Encoder ${encoder?.trial} on ${page.devices[evaluation.device]?.name}: ` +
    `${page.quality.title} ${quality(evaluation.quality, page.quality.share)}, ` +
    `latency ${seconds(evaluation.latency_s)} ${evaluation.kind}` +
    (finished(page, evaluation) ? "" : ", training stopped early") +
    (evaluation.front ? ", on the front" : "");
}

type Scale = (value: number) => number;

function ErrorBars({ evaluation, x, y }: { evaluation: Evaluation; x: Scale; y: Scale }) {
  const { latency_s, latency_low_s, latency_high_s, quality: value, quality_low, quality_high } = evaluation;
  if (latency_s === null || value === null) return null;
  return (
    <g class="error-bars">
      {latency_low_s !== null && latency_high_s !== null &&
        <line x1={x(latency_low_s)} x2={x(latency_high_s)} y1={y(value)} y2={y(value)} />}
      {quality_low !== null && quality_high !== null &&
        <line x1={x(latency_s)} x2={x(latency_s)} y1={y(quality_low)} y2={y(quality_high)} />}
    </g>
  );
}

/** The step line along a kind's front: the best quality that a given latency buys. */
function FrontLine({ points, kind, x, y, right }:
  { points: Point[]; kind: Kind; x: Scale; y: Scale; right: number }) {
  const front = points.filter(({ evaluation }) => evaluation.front && evaluation.kind === kind);
  if (front.length === 0) return null;
  const path = line<Point>((point) => x(point.latency), (point) => y(point.quality))
    .curve(curveStepAfter)(front);
  return <path class={`front kind-${kind}`} d={`${path}H${right}`} />;
}

/** Baselines near enough to the points to be drawn without squeezing them; all are bars above. */
function baselinesNear(page: Page, points: Point[]) {
  const values = points.map((point) => point.quality);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(high - low, 0.05 * Math.abs(high));
  return page.baselines.flatMap(({ name, quality: value }) =>
    (value !== null && value > low - 0.4 * room && value < high + 0.8 * room ? [{ name, value }] : []));
}

function Tooltip({ page, point, left, top, width }:
  { page: Page; point: Point; left: number; top: number; width: number }) {
  const { evaluation } = point;
  const flip = left > width / 2;
  return (
    <div class="tooltip" aria-hidden="true"
      style={{ top: `${top}px`, [flip ? "right" : "left"]: `${(flip ? width - left : left) + 14}px` }}>
      <b>Encoder {page.encoders[evaluation.encoder]?.trial}</b> {page.devices[evaluation.device]?.name}
      <br />{quality(evaluation.quality, page.quality.share)} at {seconds(evaluation.latency_s)} ({evaluation.kind})
      {!finished(page, evaluation) && <><br />training stopped early</>}
    </div>
  );
}

function scales(page: Page, shown: Point[], width: number, height: number) {
  const latencies = shown.flatMap(({ evaluation, latency }) =>
    [latency, evaluation.latency_low_s ?? latency, evaluation.latency_high_s ?? latency]);
  const qualities = [...shown.flatMap(({ evaluation, quality: value }) =>
    (evaluation.front ? [value, evaluation.quality_high ?? value] : [value])),
    ...baselinesNear(page, shown).map((one) => one.value)];
  const [low, high] = padded(qualities, 0.07);
  return {
    x: scaleLog(padded(latencies, 0.05, true), [margin.left, width - margin.right]),
    y: scaleLinear(page.quality.share ? [Math.max(0, low), Math.min(1, high)] : [low, high],
      [height - margin.bottom, margin.top]),
  };
}

/** Lines across the picture for what was run on the same rows. */
function BaselineLines({ page, points, y, width }:
  { page: Page; points: Point[]; y: Scale; width: number }) {
  return (
    <g class="baselines">
      {baselinesNear(page, points).map((one) => (
        <g key={one.name} transform={`translate(0,${y(one.value)})`}>
          <line x1={margin.left} x2={width - margin.right} />
          <text x={margin.left + 6} dy="-0.4em">{one.name}, {page.quality.scored_on}</text>
        </g>
      ))}
    </g>
  );
}

/** Moves the keyboard's focus along the points, fastest first. */
function useRoving(points: Point[], onSelect: (index: number) => void) {
  const group = useRef<SVGGElement>(null);
  const [at, setAt] = useState(0);
  const key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    const step = steps[event.key];
    if (step !== undefined) {
      const next = Math.min(points.length - 1, Math.max(0, at + step));
      setAt(next);
      group.current?.querySelector<SVGGElement>(`[data-order="${next}"]`)?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      const point = points[at];
      if (point) onSelect(point.index);
    } else {
      return;
    }
    event.preventDefault();
  };
  return { group, at: Math.min(at, points.length - 1), setAt, key };
}

export function ParetoChart({ page, selected, onSelect }: { page: Page } & Selection) {
  const { ref, width } = useWidth(680);
  const height = Math.round(Math.min(460, Math.max(320, width * 0.62)));
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [stopped, setStopped] = useState(true);
  const [hovered, setHovered] = useState<Point | null>(null);
  const all = useMemo(() => pointsOf(page), [page]);
  const shown = all.filter(({ evaluation }) =>
    !hidden.has(evaluation.device) && (stopped || finished(page, evaluation)));
  const { x, y } = scales(page, shown.length ? shown : all, width, height);
  const size = shown.length > area.crowd ? area.crowded : area.full;
  const roving = useRoving(shown, onSelect);
  const [low, high] = x.domain() as [number, number];
  if (all.length === 0) return <p class="muted">No encoder has been both trained and measured yet.</p>;
  return (
    <div class="chart" ref={ref}>
      <Legend page={page} hidden={hidden} onHidden={setHidden} stopped={stopped} onStopped={setStopped} />
      <svg width={width} height={height} role="group"
        aria-label={`${title(page.quality.title)} against latency of ${shown.length} evaluations; ` +
          "arrow keys walk through them, Enter shows the encoder; the table below has the same figures"}>
        <Frame width={width} height={height}
          x={{ title: "Latency (logarithmic)", ticks: logTicks(low, high, Math.max(2, width / 90)), place: x,
            text: (value) => label(seconds(value)) }}
          y={{ title: title(page.quality.title), ticks: y.ticks(6), place: y,
            text: (value) => label(quality(value, page.quality.share)) }} />
        <BaselineLines page={page} points={shown.length ? shown : all} y={y} width={width} />
        {kindsOf(page).map((kind) => (
          <FrontLine key={kind} kind={kind} points={shown} x={x} y={y} right={width - margin.right} />
        ))}
        <g ref={roving.group} onKeyDown={roving.key} onPointerLeave={() => setHovered(null)}>
          {shown.map((point, order) => {
            const { evaluation, index } = point;
            const state = [`kind-${evaluation.kind}`, evaluation.front ? "on-front" : "",
              finished(page, evaluation) ? "" : "stopped", index === selected ? "selected" : "",
              index === page.recommended?.evaluation ? "recommended" : ""].join(" ");
            return (
              <g key={index} class={`point ${state}`} role="button" data-evaluation={index} data-order={order}
                tabIndex={order === roving.at ? 0 : -1} aria-label={describe(page, point)}
                aria-pressed={index === selected} style={{ "--series": colour(evaluation.device) }}
                onClick={() => { roving.setAt(order); onSelect(index); }}
                onFocus={() => setHovered(point)} onBlur={() => setHovered(null)}
                onPointerEnter={() => setHovered(point)}>
                {(evaluation.front || index === selected) && <ErrorBars evaluation={evaluation} x={x} y={y} />}
                <g transform={`translate(${x(point.latency)},${y(point.quality)})`}>
                  {index === selected && <circle class="ring" r={12} />}
                  <path d={shape(evaluation.device, finished(page, evaluation) ? size : area.stopped)} />
                  <circle class="target" r={9} />
                </g>
              </g>
            );
          })}
        </g>
      </svg>
      {hovered && <Tooltip page={page} point={hovered} left={x(hovered.latency)}
        top={y(hovered.quality) + 24} width={width} />}
    </div>
  );
}
