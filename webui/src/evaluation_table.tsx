import { useMemo } from "preact/hooks";
import { DataTable, type Column } from "./data_table";
import { integer, quality, seconds, short, title } from "./format";
import { KindBadge } from "./kind_badge";
import { finished, kindsOf, type Evaluation, type Kind, type Page } from "./page";
import type { Selection } from "./selection";
import { subsetColumns } from "./subset";

interface Row { index: number; evaluation: Evaluation }

function interval(low: number | null, high: number | null): string {
  return low === null || high === null ? "—" : `${seconds(low)} – ${seconds(high)}`;
}

/** Latency and its interval of one kind of figure: kinds never share a column. */
function latencyColumns(kind: Kind, alone: boolean): Column<Row>[] {
  const csv = alone ? "" : `${kind}_`;
  const of = (row: Row) => (row.evaluation.kind === kind ? row.evaluation : null);
  return [
    { name: alone ? "Latency" : `Latency, ${kind}`, csv: `${csv}latency_s`,
      value: (row) => of(row)?.latency_s ?? null,
      show: (row) => <span class={`figure-${kind}`}>{seconds(of(row)?.latency_s ?? null)}</span> },
    { name: "95 % interval", csv: `${csv}latency_low_s`, value: (row) => of(row)?.latency_low_s ?? null,
      show: (row) => interval(of(row)?.latency_low_s ?? null, of(row)?.latency_high_s ?? null) },
  ];
}

function columnsOf(page: Page): Column<Row>[] {
  const encoder = (row: Row) => page.encoders[row.evaluation.encoder];
  const { name, share } = page.quality;
  const kinds = kindsOf(page);
  return [
    { name: "Encoder", csv: "encoder", value: (row) => encoder(row)?.trial ?? null },
    { name: "Deployment", csv: "deployment", value: (row) => page.devices[row.evaluation.device]?.name ?? "" },
    { name: title(page.quality.title), csv: name, descending: true, value: (row) => row.evaluation.quality,
      show: (row) => quality(row.evaluation.quality, share) },
    ...kinds.flatMap((kind) => latencyColumns(kind, kinds.length === 1)),
    { name: "Parameters", csv: "parameters", value: (row) => encoder(row)?.parameters ?? null,
      show: (row) => integer(encoder(row)?.parameters ?? null) },
    { name: "FLOP", csv: "flops", value: (row) => encoder(row)?.flops ?? null,
      show: (row) => short(encoder(row)?.flops ?? 0) },
    { name: "Training", csv: "state", value: (row) => encoder(row)?.state ?? "",
      show: (row) => (finished(page, row.evaluation) ? "complete" : encoder(row)?.state === "stopped"
        ? "stopped early" : encoder(row)?.state ?? "") },
    { name: "Figure", csv: "kind", value: (row) => row.evaluation.kind,
      show: (row) => <KindBadge kind={row.evaluation.kind} /> },
    { name: "Front", csv: "front", descending: true, value: (row) => (row.evaluation.front ? "yes" : ""),
      show: (row) => (row.evaluation.front ? "●" : "") },
    ...subsetColumns<Row>(page),
  ];
}

/** The figures behind the picture. */
export function EvaluationTable({ page, selected, onSelect }: { page: Page } & Selection) {
  const rows = useMemo(() => page.evaluations.map((evaluation, index) => ({ index, evaluation })), [page]);
  const columns = useMemo(() => columnsOf(page), [page]);
  if (rows.length === 0) return null;
  return (
    <DataTable label="All evaluations" file={`${page.study.name}-evaluations.csv`} rows={rows} columns={columns}
      sorted={2} keyOf={(row) => row.index} selected={(row) => row.index === selected}
      onSelect={(row) => onSelect(row.index)} />
  );
}
