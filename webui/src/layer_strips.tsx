import { integer } from "./format";
import type { Encoder, Layer } from "./page";
import { headColour } from "./palette";

function says(layer: Layer): string {
  const heads = layer.heads.map(([type, count]) => `${count} ${type}`).join(", ");
  return `width ${layer.width}, heads ${heads}, feed-forward ${layer.feed_forward.join(" then ")}` +
    (layer.repeat > 1 ? `, ${layer.repeat} times` : "");
}

/** Heads as blocks of their type's colour, then the feed-forward stack as bars by size. */
function Strip({ layer, widest }: { layer: Layer; widest: number }) {
  return (
    <li class="strip" aria-label={says(layer)} title={says(layer)}>
      <span class="strip-width">{layer.width}</span>
      <span class="heads">
        {layer.heads.flatMap(([type, count]) => Array.from({ length: count }, (_, index) => (
          <span key={`${type}${index}`} style={{ background: headColour(type) }} />
        )))}
      </span>
      <span class="stack">
        {layer.feed_forward.map((size, index) => (
          <span key={index} style={{ width: `${Math.max(4, 100 * size / widest)}%` }} />
        ))}
      </span>
      <span class="repeat">{layer.repeat > 1 ? `×${layer.repeat}` : ""}</span>
    </li>
  );
}

/** A strip a layer, from the embedding upwards; equal neighbours are folded into one. */
export function LayerStrips({ encoder }: { encoder: Encoder }) {
  if (encoder.layers.length === 0) return null;
  const widest = Math.max(...encoder.layers.flatMap((layer) => layer.feed_forward), 1);
  const types = [...new Set(encoder.layers.flatMap((layer) => layer.heads.map(([type]) => type)))];
  const depth = encoder.layers.reduce((sum, layer) => sum + layer.repeat, 0);
  return (
    <div class="strips">
      <p class="muted">
        {depth} {depth === 1 ? "layer" : "layers"}, embedding {integer(encoder.embedding)}, {encoder.position} positions
      </p>
      <div class="strip strip-head muted" aria-hidden="true">
        <span>width</span><span>heads</span><span>feed-forward</span><span />
      </div>
      <ol>{encoder.layers.map((layer, index) => <Strip key={index} layer={layer} widest={widest} />)}</ol>
      <p class="head-types">
        {types.map((type) => (
          <span key={type}><i style={{ background: headColour(type) }} />{type}</span>
        ))}
      </p>
    </div>
  );
}
