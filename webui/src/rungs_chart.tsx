import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { useMemo, useState } from "preact/hooks";
import { Frame, logTicks, margin, padded, useWidth } from "./chart_frame";
import { DataTable, type Column } from "./data_table";
import { integer, label, quality, seconds, short, title } from "./format";
import type { Page } from "./page";
import type { Selection } from "./selection";
import { subsetColumns } from "./subset";

/** An encoder's quality over the tokens that it was trained on. */
interface Curve { encoder: number; state: string; points: { tokens: number; quality: number }[] }

function curvesOf(page: Page): Curve[] {
  return page.encoders.map((encoder, index) => ({
    encoder: index,
    state: encoder.state,
    points: encoder.rungs.flatMap((rung) =>
      (rung.quality === null || rung.tokens <= 0 ? [] : [{ tokens: rung.tokens, quality: rung.quality }])),
  })).filter((curve) => curve.points.length > 0);
}

interface ChartProps {
  page: Page;
  curves: Curve[];
  chosen: number | undefined;
  onChoose: (encoder: number) => void;
}

function RungsChart({ page, curves, chosen, onChoose }: ChartProps) {
  const { ref, width } = useWidth(960);
  const [hovered, setHovered] = useState<number | null>(null);
  const height = 300;
  const points = curves.flatMap((curve) => curve.points);
  const [low, high] = padded(points.map((point) => point.tokens), 0.06, true);
  const [worst, best] = padded(points.map((point) => point.quality), 0.08);
  const x = scaleLog([low, high], [margin.left, width - margin.right]);
  const y = scaleLinear(page.quality.share ? [Math.max(0, worst), Math.min(1, best)] : [worst, best],
    [height - margin.bottom, margin.top]);
  const path = line<Curve["points"][number]>((point) => x(point.tokens), (point) => y(point.quality));
  const rungs = [...new Set(points.map((point) => point.tokens))].sort((a, b) => a - b);
  const ticks = rungs.length <= Math.max(2, width / 90) ? rungs : logTicks(low, high, Math.max(2, width / 90));
  const named = hovered ?? chosen;
  const rank = (curve: Curve) =>
    (curve.encoder === named ? 2 : curve.state === "complete" ? 1 : 0);
  const named_curve = curves.find((curve) => curve.encoder === named);
  const end = named_curve?.points[named_curve.points.length - 1];
  return (
    <div class="chart" ref={ref}>
      <svg width={width} height={height} role="img"
        aria-label={`${title(page.quality.title)} over training tokens of ${curves.length} encoders; ` +
          "the table below has the same figures"}>
        <Frame width={width} height={height}
          x={{ title: "Training tokens (logarithmic)", ticks, place: x, text: (value) => label(short(value)) }}
          y={{ title: title(page.quality.title), ticks: y.ticks(5), place: y,
            text: (value) => label(quality(value, page.quality.share)) }} />
        {[...curves].sort((a, b) => rank(a) - rank(b)).map((curve) => (
          <g key={curve.encoder} class={`curve ${curve.state === "complete" ? "complete" : "stopped"} ` +
              (curve.encoder === named ? "selected" : "")}
            onPointerEnter={() => setHovered(curve.encoder)} onPointerLeave={() => setHovered(null)}
            onClick={() => onChoose(curve.encoder)}>
            <path class="wide" d={path(curve.points) ?? ""} />
            <path d={path(curve.points) ?? ""} />
            {curve.points.map((point) => (
              <circle key={point.tokens} cx={x(point.tokens)} cy={y(point.quality)}
                r={curve.encoder === named ? 4 : 2.5} />
            ))}
          </g>
        ))}
        {end && named !== undefined && (
          <text class="curve-name" x={x(end.tokens) - 8} y={y(end.quality) - 10} text-anchor="end">
            Encoder {page.encoders[named]?.trial}
          </text>
        )}
      </svg>
    </div>
  );
}

interface Row { key: number; trial: number; stage: number; tokens: number; quality: number | null;
  loss: number | null; seconds: number; state: string }

function rowsOf(page: Page): Row[] {
  return page.encoders.flatMap((encoder) => encoder.rungs.map((rung, stage) => ({
    trial: encoder.trial, stage: stage + 1, state: encoder.state, ...rung,
  }))).map((row, key) => ({ key, ...row }));
}

function columnsOf(page: Page): Column<Row>[] {
  const { name, share } = page.quality;
  return [
    { name: "Encoder", csv: "encoder", value: (row) => row.trial },
    { name: "Stage", csv: "stage", value: (row) => row.stage },
    { name: "Tokens", csv: "tokens", value: (row) => row.tokens, show: (row) => integer(row.tokens) },
    { name: title(page.quality.title), csv: name, descending: true, value: (row) => row.quality,
      show: (row) => quality(row.quality, share) },
    { name: "Loss", csv: "loss", value: (row) => row.loss, show: (row) => row.loss?.toFixed(3) ?? "—" },
    { name: "Time", csv: "seconds", value: (row) => row.seconds, show: (row) => seconds(row.seconds) },
    ...subsetColumns<Row>(page),
  ];
}

/** How the encoders learnt and which were stopped on the way. */
export function RungsSection({ page, selected, onSelect }: { page: Page } & Selection) {
  const curves = useMemo(() => curvesOf(page), [page]);
  const rows = useMemo(() => rowsOf(page), [page]);
  const columns = useMemo(() => columnsOf(page), [page]);
  if (curves.length === 0) return <p class="muted">Nothing has been trained yet.</p>;
  const chosen = selected === null ? undefined : page.evaluations[selected]?.encoder;
  const choose = (encoder: number) => {
    const evaluation = page.evaluations.findIndex((one) => one.encoder === encoder);
    if (evaluation >= 0) onSelect(evaluation);
  };
  const complete = page.encoders.filter((encoder) => encoder.state === "complete").length;
  return (
    <>
      <p class="muted">Encoders start with a few tokens; the better ones go on.{" "}
        {complete} of {page.encoders.length} were trained to the end (coloured), the others stopped early (grey).</p>
      <RungsChart page={page} curves={curves} chosen={chosen} onChoose={choose} />
      <details>
        <summary>Table of all stages</summary>
        <DataTable label="All training stages" file={`${page.study.name}-training.csv`} rows={rows} columns={columns}
          sorted={0} keyOf={(row) => row.key} />
      </details>
    </>
  );
}
