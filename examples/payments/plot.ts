/** What a sweep found as a picture: two panels over the first parameter, a line per combination of the others. */
import type { PointSummary } from "../../services/payments/index.ts";
import { valueText } from "./options.ts";

const WIDTH = 720;
const PANEL = 300;
const LEFT = 90;
const RIGHT = 20;
const TOP = 46;
const BOTTOM = 46;
const COLORS = ["#1b6ca8", "#d1495b", "#2e8b57", "#8d6a9f", "#e09f3e", "#4f5d75"];

interface Panel {
  readonly title: string;
  readonly measure: "totalCost" | "settlementRate";
  readonly show: (value: number) => string;
}
const PANELS: readonly Panel[] = [
  { title: "total cost, mean and 95 % confidence", measure: "totalCost", show: (value) => short(value) },
  { title: "settlement rate", measure: "settlementRate", show: (value) => `${Math.round(value * 1000) / 10} %` },
];

/** @param names of the parameters, in the order of `values` */
export function plotSvg(names: readonly string[], points: readonly PointSummary[], floor: number): string {
  const xs = [...new Set(points.map(({ values }) => (values.length === 0 ? "" : valueText(values[0]))))];
  const keyOf = ({ values }: PointSummary): string =>
    values
      .slice(1)
      .map((value, index) => `${names[index + 1]} ${valueText(value)}`)
      .join(", ");
  const keys = [...new Set(points.map(keyOf))];
  const numbers = xs.map(Number);
  const numeric = xs.length > 1 && numbers.every(Number.isFinite);
  const [low, high] = numeric ? [Math.min(...numbers), Math.max(...numbers)] : [0, Math.max(1, xs.length - 1)];
  const x = (text: string): number =>
    LEFT + (((numeric ? Number(text) : xs.indexOf(text)) - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT);
  const body = PANELS.map((panel, index) => {
    const offset = index * PANEL;
    const shown = points.map(({ measures }) => measures[panel.measure]);
    const ticks = niceTicks(
      Math.min(...shown.map(({ mean, half }) => mean - half), ...(panel.measure === "settlementRate" ? [floor] : [])),
      Math.max(...shown.map(({ mean, half }) => mean + half)),
    );
    const [bottom, top] = [ticks[0]!, ticks.at(-1)!];
    const y = (value: number): number =>
      offset + TOP + (1 - (value - bottom) / (top - bottom)) * (PANEL - TOP - BOTTOM);
    const lines = ticks.map(
      (tick) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(tick))}" y2="${at(y(tick))}" stroke="#e3e3e3"/><text x="${LEFT - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${panel.show(tick)}</text>`,
    );
    const labels = xs.map(
      (text) =>
        `<text x="${at(x(text))}" y="${offset + PANEL - BOTTOM + 18}" text-anchor="middle">${xml(numeric ? short(Number(text)) : text)}</text>`,
    );
    const series = keys.map((key, number) => {
      const color = COLORS[number % COLORS.length]!;
      const own = points.filter((point) => keyOf(point) === key);
      const places = own.map(({ values, measures }) => ({ x: x(valueText(values[0])), ...measures[panel.measure] }));
      const path = places.map((place, i) => `${i === 0 ? "M" : "L"}${at(place.x)} ${at(y(place.mean))}`).join(" ");
      const marks = places.map(
        (place, i) =>
          `<line x1="${at(place.x)}" x2="${at(place.x)}" y1="${at(y(place.mean - place.half))}" y2="${at(y(place.mean + place.half))}" stroke="${color}"/><circle cx="${at(place.x)}" cy="${at(y(place.mean))}" r="${own[i]!.best ? 6 : 3.5}" fill="${own[i]!.accepted ? color : "#fff"}" stroke="${color}"/>`,
      );
      return `<path d="${path}" fill="none" stroke="${color}" stroke-width="1.5"/>${marks.join("")}`;
    });
    const floorLine =
      panel.measure === "settlementRate"
        ? `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(floor))}" y2="${at(y(floor))}" stroke="#555" stroke-dasharray="5 4"/>`
        : "";
    return `<text x="${LEFT}" y="${offset + 22}" font-weight="bold">${panel.title}</text>${lines.join("")}${labels.join("")}${floorLine}${series.join("")}<text x="${(LEFT + WIDTH) / 2}" y="${offset + PANEL - 8}" text-anchor="middle">${xml(names[0] ?? "")}</text>`;
  });
  const legend = keys
    .filter((key) => key !== "")
    .map(
      (key, index) =>
        `<rect x="${LEFT + index * 190}" y="${PANELS.length * PANEL + 8}" width="12" height="12" fill="${COLORS[index % COLORS.length]}"/><text x="${LEFT + index * 190 + 18}" y="${PANELS.length * PANEL + 18}">${xml(key)}</text>`,
    );
  const height = PANELS.length * PANEL + 56;
  const note = `<text x="${LEFT}" y="${height - 12}" fill="#555">filled: accepted; hollow: settlement rate below the floor (dashed); large: cheapest accepted</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${body.join("")}${legend.join("")}${note}</svg>\n`;
}

const at = (value: number): string => String(Math.round(value * 10) / 10);
const xml = (text: string): string =>
  text.replace(/[<>&"]/g, (mark) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" })[mark]!);
const short = (value: number): string => {
  for (const [unit, size] of [
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (Math.abs(value) >= size) return `${Math.round((value / size) * 100) / 100}${unit}`;
  return String(Math.round(value * 100) / 100);
};

/** Four to eight round numbers that hold both ends. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
