import type { Kind } from "./page";

const explanations: Record<Kind, string> = {
  measured: "measured on the device",
  modelled: "from a model of the device, not from the device",
  replayed: "from a recorded table of measurements",
};

/** Says where a figure comes from; each kind has its own outline, not only its own colour. */
export function KindBadge({ kind }: { kind: Kind }) {
  return <span class={`kind kind-${kind}`} title={explanations[kind]}>{kind}</span>;
}
