/** A line over days, from 0 to 100, drawn in SVG. */

import { svg } from "./dom.js";

const [WIDTH, HEIGHT] = [420, 180]; // of the drawing's own units
const [LEFT, RIGHT, TOP, BOTTOM] = [36, 12, 12, 28]; // around the line, for its scales
const LEVELS = [0, 25, 50, 75, 100];
const DAY = 24 * 60 * 60 * 1000;

/** @typedef {{day: string, score: number}} Point */

/**
 * @param {Point[]} points one at least, the oldest first
 * @param {string} title what it shows; the figures follow by themselves
 */
export function chart(points, title) {
  const [first, last] = [points[0], points[points.length - 1]];
  const scores = points.map((point) => point.score);
  const told = `${title}: from ${first.score} on ${first.day} to ${last.score} on ${last.day},
    ${Math.min(...scores)} at the least and ${Math.max(...scores)} at the most.`;
  const places = points.map((point) => [across(point, first, last), down(point.score)]);
  return svg(
    "svg",
    { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": told.replaceAll(/\s+/g, " ") },
    ...LEVELS.map(level),
    svg("polyline", { class: "line", points: places.map((place) => place.join(",")).join(" ") }),
    ...places.map(([x, y]) => svg("circle", { class: "dot", cx: x, cy: y, r: 3 })),
    svg("text", { x: LEFT, y: HEIGHT - 8 }, first.day),
    svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 8, "text-anchor": "end" }, first === last ? "" : last.day),
  );
}

/** @param {number} value */
function level(value) {
  const y = down(value);
  const line = svg("line", { class: "level", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y });
  return svg("g", {}, line, svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, String(value)));
}

/**
 * @param {Point} point
 * @param {Point} first
 * @param {Point} last
 */
function across(point, first, last) {
  const span = Math.max(days(first, last), 1);
  return Math.round(LEFT + (days(first, point) / span) * (WIDTH - LEFT - RIGHT));
}

/** @param {number} value */
function down(value) {
  return Math.round(TOP + (1 - value / 100) * (HEIGHT - TOP - BOTTOM));
}

/**
 * @param {Point} from
 * @param {Point} to
 */
function days(from, to) {
  return (Date.parse(to.day) - Date.parse(from.day)) / DAY;
}
