// The data of a report page as src/report/page_data.cc writes it ("edgetran.page/1").
// SI units throughout; printers choose ms and %.

/** Where a figure comes from. Never drawn or printed alike. */
export type Kind = "measured" | "modelled" | "replayed";
export const kinds: Kind[] = ["measured", "replayed", "modelled"];

/** A run of equal layers. */
export interface Layer {
  repeat: number;
  width: number;
  head_width: number;
  heads: [type: string, count: number][];
  feed_forward: number[];
}

export interface Rung {
  tokens: number;
  quality: number | null;
  loss: number | null;
  seconds: number;
}

export interface Encoder {
  trial: number;
  state: string;
  reason: string;
  parameters: number;
  flops: number;
  embedding: number;
  position: string;
  layers: Layer[];
  rungs: Rung[];
}

export interface Device {
  name: string;
  facts: [name: string, value: string][];
}

/** An encoder on a deployment. */
export interface Evaluation {
  encoder: number;
  device: number;
  kind: Kind;
  quality: number | null;
  quality_low: number | null;
  quality_high: number | null;
  latency_s: number | null;
  latency_low_s: number | null;
  latency_high_s: number | null;
  memory_bytes: number | null;
  energy_j: number | null;
  /** On the front of the finished encoders with figures of this kind: none is faster and better. */
  front: boolean;
}

export interface Recommended {
  evaluation: number;
  reason: string;
  test_quality: number | null;
  handed_over: [name: string, value: string][];
  commands: [title: string, line: string][];
}

export interface Page {
  format: string;
  program: string;
  study: { name: string; seed: string; finished: boolean; created: string; seconds: number };
  /**
   * What encoders are compared by: a share of rows is shown in per cent, a bounded one is never above
   * 1. `scored_on` names the rows of the handed-over model and the baselines; `subset_note` is there where the data are only a part of the data set.
   */
  quality: { name: string; title: string; share: boolean; bounded: boolean; scored_on: string; subset_note: string };
  devices: Device[];
  encoders: Encoder[];
  evaluations: Evaluation[];
  baselines: { name: string; quality: number | null; rows: string }[];
  recommended: Recommended | null;
  facts: { title: string; rows: [name: string, value: string][] }[];
  problems: { what: string; reason: string }[];
  notes: string[];
}

/** Evaluations travel as columns, which keeps large studies small. */
type Columns = { [Key in keyof Evaluation]: Evaluation[Key][] };
type Wire = Omit<Page, "evaluations"> & { evaluations: Columns };

export function decode(text: string): Page {
  const wire = JSON.parse(text) as Wire;
  if (wire.format !== "edgetran.page/1") throw new Error(`unknown page format ${wire.format}`);
  const columns = wire.evaluations;
  const keys = Object.keys(columns) as (keyof Evaluation)[];
  const evaluations = columns.encoder.map((_, row) =>
    Object.fromEntries(keys.map((key) => [key, columns[key][row]])) as unknown as Evaluation);
  return { ...wire, evaluations };
}

/** The encoder was trained to the end, not stopped on the way. */
export function finished(page: Page, evaluation: Evaluation): boolean {
  return page.encoders[evaluation.encoder]?.state === "complete";
}

/** The kinds of figures in the study. */
export function kindsOf(page: Page): Kind[] {
  return kinds.filter((kind) => page.evaluations.some((evaluation) => evaluation.kind === kind));
}
