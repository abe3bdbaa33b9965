import {
  symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolStar, symbolTriangle,
  symbolWye, type SymbolType,
} from "d3-shape";

// Okabe and Ito's colours, told apart with every kind of colour vision; a shape goes with each so
// that colour never stands alone. Yellow is left out: it vanishes on white.
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
const shapes: SymbolType[] = [
  symbolCircle, symbolTriangle, symbolSquare, symbolDiamond, symbolCross, symbolStar, symbolWye,
];

export function colour(index: number): string {
  return colours[index % colours.length] as string;
}

/** SVG path of a series' symbol, centred on the origin, of `area` square pixels. */
export function shape(index: number, area: number): string {
  return symbol(shapes[index % shapes.length] as SymbolType, area)() ?? "";
}

const headColours: [prefix: string, colour: string][] = [
  ["sa_sdp", "#0072b2"],
  ["sa_wma", "#56b4e9"],
  ["l_dft", "#009e73"],
  ["l_dct", "#8fbf4d"],
  ["c_5", "#e69f00"],
  ["c_9", "#d55e00"],
  ["c_13", "#cc79a7"],
];

/** A head type's colour; a type of the user's own is grey. */
export function headColour(type: string): string {
  return headColours.find(([prefix]) => type === prefix)?.[1] ?? "#7f7f7f";
}
