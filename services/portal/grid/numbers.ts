/** Numbers as people in Viet Nam write them, to exact decimals as the hub takes them. */

export type Typed =
  | { kind: "ok"; text: string }
  | { kind: "ambiguous"; text: string }
  | { kind: "invalid" };

const STATES = new Set(["", "-", "x"]);

/**
 * Read `1.234,5`, `1234,5`, `-3`, `(3)`, `12 %`; `1.234` is ambiguous: read as 1234, and marked.
 * Never goes through a floating-point number.
 */
export function read(typed: string): Typed {
  let text = typed.normalize("NFC").replace(/[\s\u00a0]/g, "");
  if (STATES.has(text.toLowerCase())) return { kind: "ok", text: text.toLowerCase() };
  if (text.endsWith("%")) text = text.slice(0, -1);
  let sign = "";
  const negative = /^\((.+)\)$/.exec(text);
  if (negative) {
    sign = "-";
    text = negative[1] ?? "";
  } else if (text.startsWith("-")) {
    sign = "-";
    text = text.slice(1);
  }
  if (/^\d+$/.test(text)) return ok(sign, text, "");
  const grouped = /^(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?$/.exec(text);
  if (grouped) {
    const whole = (grouped[1] ?? "").replaceAll(".", "");
    const found = ok(sign, whole, grouped[2] ?? "");
    const oneGroup = grouped[2] === undefined && (grouped[1] ?? "").split(".").length === 2;
    return oneGroup ? { kind: "ambiguous", text: found.text } : found;
  }
  const plain = /^(\d+),(\d+)$/.exec(text);
  if (plain) return ok(sign, plain[1] ?? "", plain[2] ?? "");
  return { kind: "invalid" };
}

/** Write an exact decimal as people read it: `1234.5` → `1.234,5`. */
export function show(text: string): string {
  const found = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!found) return text === "-" ? "–" : text;
  const whole = (found[2] ?? "").replace(/\B(?=(\d{3})+(?!\d))/g, ".");
  return `${found[1] ?? ""}${whole}${found[3] ? `,${found[3]}` : ""}`;
}

/** Write an exact decimal for editing: no grouping, comma as decimal mark. */
export function edit(text: string): string {
  return text.replace(".", ",");
}

function ok(sign: string, whole: string, part: string): { kind: "ok"; text: string } {
  const digits = whole.replace(/^0+(?=\d)/, "");
  const rest = part.replace(/0+$/, "");
  const text = rest ? `${digits}.${rest}` : digits;
  return { kind: "ok", text: text === "0" ? "0" : sign + text };
}
