import { useEffect, useRef, useState } from "preact/hooks";

export const margin = { top: 16, right: 20, bottom: 46, left: 58 };

/** The width of an element, followed as the window changes. */
export function useWidth(initial: number) {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(initial);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(280, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

interface Axis { title: string; ticks: number[]; place: (value: number) => number; text: (value: number) => string }

/** Grid, ticks and titles of a chart of `width` by `height` pixels. */
export function Frame({ width, height, x, y }: { width: number; height: number; x: Axis; y: Axis }) {
  const bottom = height - margin.bottom;
  return (
    <g class="frame" aria-hidden="true">
      {y.ticks.map((tick) => (
        <g key={tick} transform={`translate(0,${y.place(tick)})`}>
          <line x1={margin.left} x2={width - margin.right} />
          <text x={margin.left - 8} dy="0.32em" text-anchor="end">{y.text(tick)}</text>
        </g>
      ))}
      {x.ticks.map((tick) => (
        <g key={tick} transform={`translate(${x.place(tick)},0)`}>
          <line y1={margin.top} y2={bottom} />
          <text y={bottom + 18} text-anchor="middle">{x.text(tick)}</text>
        </g>
      ))}
      <line class="base" x1={margin.left} x2={width - margin.right} y1={bottom} y2={bottom} />
      <text class="axis-title" x={width - margin.right} y={height - 6} text-anchor="end">{x.title}</text>
      <text class="axis-title" x={4} y={margin.top - 4}>{y.title}</text>
    </g>
  );
}

/** Ticks 1, 2, 5 times powers of ten inside [low, high], thinned to fit `room` labels. */
export function logTicks(low: number, high: number, room: number): number[] {
  for (const steps of [[1, 2, 3, 4, 5, 6, 8], [1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power) {
      for (const step of steps) {
        const tick = Number((step * 10 ** power).toPrecision(1));
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length <= room) return ticks;
  }
  return [low, high];
}

/** [low, high] of values, widened by `share` of its extent (of its logarithm's with `log`). */
export function padded(values: number[], share: number, log = false): [number, number] {
  if (values.length === 0) return log ? [1e-3, 1] : [0, 1];
  const map = (value: number) => (log ? Math.log(value) : value);
  const low = map(Math.min(...values));
  const high = map(Math.max(...values));
  const pad = (high - low || Math.abs(high) || 1) * share;
  return log ? [Math.exp(low - pad), Math.exp(high + pad)] : [low - pad, high + pad];
}
