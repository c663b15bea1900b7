import type { ChartRow, Series } from "./series.ts";

/** RFC 4180, times as ISO-8601; a gap is an empty field. */
export function rowsToCsv(rows: readonly ChartRow[], series: readonly Series[]): string {
  const lines = [["time", ...series.map((one) => one.label)].map(quote).join(",")];
  for (const row of rows) {
    lines.push([new Date(row.atMs).toISOString(), ...series.map((one) => row[one.key] ?? "")].join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

function quote(text: string): string {
  // A leading =, +, - or @ would be a formula to a spreadsheet.
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a file to the person. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after this turn of the loop.
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const PAINTED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "font-family",
  "font-size",
  "opacity",
];

/** The chart as a picture, twice the size on the screen, with the colours it has there. */
export async function svgToPng(svg: SVGSVGElement, background: string): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect();
  const image = await loadImage(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(freeze(svg, width, height))}`);
  const canvas = document.createElement("canvas");
  canvas.width = width * 2;
  canvas.height = height * 2;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser does not support canvas images.");
  context.scale(2, 2);
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The image could not be created."))), "image/png"),
  );
}

/** A copy that no longer needs the page's style sheet. */
function freeze(svg: SVGSVGElement, width: number, height: number): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const originals = svg.querySelectorAll<SVGElement>("*");
  copy.querySelectorAll<SVGElement>("*").forEach((element, index) => {
    const original = originals[index];
    if (!original) return;
    const style = getComputedStyle(original);
    for (const property of PAINTED) element.style.setProperty(property, style.getPropertyValue(property));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  return new XMLSerializer().serializeToString(copy);
}

function loadImage(url: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The chart could not be rendered as an image."));
    image.src = url;
  });
}
