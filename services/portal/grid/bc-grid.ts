/**
 * <bc-grid>: the entry grid over a server-rendered table. One tab stop; a real input in the cell
 * that is edited; every change is kept in the browser at once and saved to the hub soon after.
 */

import { readTable, writeTable } from "./clipboard.ts";
import { edit, read, show } from "./numbers.ts";

type Values = Record<string, string>;
interface Finding {
  rule: string;
  severity: string;
  row: string;
  message: string;
  left: string;
  right: string;
  is_justified: boolean;
}
interface Saved {
  cells: Values;
  derived: Values;
  findings: Finding[];
  status_text: string;
  status_colour: string;
  version: number;
  notes: Values;
}
interface Place {
  pointer: string;
  detail: string;
}
type Change = { cell: HTMLTableCellElement; before: string; after: string };

const PAUSE = 600;
const RETRY = 5000;
const MARKS: Record<string, string> = {
  saving: "…",
  saved: "✓",
  local: "●",
  failed: "!",
  invalid: "✗",
  ambiguous: "?",
};
const SAYS: Record<string, string> = {
  saving: "Đang lưu…",
  saved: "Đã lưu mọi thay đổi",
  local: "Chưa gửi được; thay đổi được giữ trên máy này và sẽ lưu lại khi có mạng",
  stale: "Báo cáo đã được người khác sửa. Tải lại trang để đối chiếu; thay đổi của bạn vẫn được giữ",
  signedOut: "Phiên đăng nhập đã hết. Đăng nhập lại ở thẻ khác rồi quay lại; thay đổi vẫn được giữ",
};

class Grid extends HTMLElement {
  private rows: HTMLTableCellElement[][] = [];
  private at: [number, number] = [0, 0];
  private anchor: [number, number] = [0, 0];
  private input: HTMLInputElement | null = null;
  private waiting: Values = {};
  private notes: Values = {};
  private timer = 0;
  private busy = false;
  private done: Change[][] = [];
  private undone: Change[][] = [];

  connectedCallback(): void {
    const lines = [...this.querySelectorAll<HTMLTableRowElement>("tbody tr")];
    this.rows = lines.map((line) => [
      ...line.querySelectorAll<HTMLTableCellElement>("td[data-cell]"),
    ]);
    if (!this.hasAttribute("data-editable")) return;
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("click", (event) => this.onClick(event));
    this.addEventListener("dblclick", () => this.beginEdit());
    this.addEventListener("paste", (event) => this.onPaste(event));
    this.addEventListener("copy", (event) => this.onCopy(event));
    this.addEventListener("cut", (event) => this.onCopy(event, true));
    this.addEventListener("change", (event) => this.onNote(event));
    window.addEventListener("online", () => this.save());
    for (const form of document.querySelectorAll<HTMLFormElement>(".hub-actions form"))
      form.addEventListener("submit", (event) => this.saveBefore(event, form));
    const first = this.rows.flat().find((cell) => this.isOpen(cell));
    if (first) this.at = this.anchor = this.place(first);
    this.cell(this.at)?.setAttribute("tabindex", "0");
    this.restore();
  }

  private get kept(): string {
    return `bc-grid:${this.dataset.report}`;
  }

  private cell([row, column]: [number, number]): HTMLTableCellElement | undefined {
    return this.rows[row]?.[column];
  }

  private place(cell: HTMLTableCellElement): [number, number] {
    const row = this.rows.findIndex((line) => line.includes(cell));
    return [row, this.rows[row]?.indexOf(cell) ?? 0];
  }

  private isOpen(cell: HTMLTableCellElement | undefined): cell is HTMLTableCellElement {
    return cell?.hasAttribute("data-open") ?? false;
  }

  private go(to: [number, number], extend = false): void {
    const row = Math.min(Math.max(to[0], 0), this.rows.length - 1);
    const column = Math.min(Math.max(to[1], 0), (this.rows[row]?.length ?? 1) - 1);
    this.cell(this.at)?.setAttribute("tabindex", "-1");
    this.at = [row, column];
    if (!extend) this.anchor = this.at;
    const cell = this.cell(this.at);
    cell?.setAttribute("tabindex", "0");
    cell?.focus();
    this.paintRange();
  }

  private next(step: 1 | -1): boolean {
    const all = this.rows.flat();
    const here = this.cell(this.at);
    let index = here ? all.indexOf(here) : -1;
    do index += step;
    while (index >= 0 && index < all.length && !this.isOpen(all[index]));
    const found = all[index];
    if (!found) return false;
    this.go(this.place(found));
    return true;
  }

  private range(): HTMLTableCellElement[][] {
    const [top, bottom] = [this.anchor[0], this.at[0]].sort((a, b) => a - b) as [number, number];
    const [left, right] = [this.anchor[1], this.at[1]].sort((a, b) => a - b) as [number, number];
    return this.rows.slice(top, bottom + 1).map((line) => line.slice(left, right + 1));
  }

  private paintRange(): void {
    for (const cell of this.querySelectorAll(".is-range")) cell.classList.remove("is-range");
    const range = this.range().flat();
    if (range.length > 1) for (const cell of range) cell.classList.add("is-range");
  }

  private onClick(event: Event): void {
    const cell = (event.target as Element).closest<HTMLTableCellElement>("td[data-cell]");
    if (cell && !this.input?.parentElement?.isSameNode(cell)) {
      this.endEdit(true);
      this.go(this.place(cell), (event as MouseEvent).shiftKey);
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing || event.keyCode === 229) return;
    if ((event.target as Element).closest("[data-note]")) return;
    if (this.input) {
      this.onEditKey(event);
      return;
    }
    if (!(event.target as Element).closest("td[data-cell]")) return;
    if (event.ctrlKey || event.metaKey) {
      this.onCommand(event);
      return;
    }
    const [row, column] = this.at;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, (this.rows[row]?.length ?? 1) - 1],
    };
    const to = moves[event.key];
    if (to) {
      event.preventDefault();
      this.go(to, event.shiftKey);
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      this.beginEdit();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.change(this.range().flat().filter((cell) => this.isOpen(cell)), () => "");
    } else if (event.key.length === 1 && !event.altKey) {
      this.beginEdit("");
    }
  }

  private onCommand(event: KeyboardEvent): void {
    const key = event.key.toLowerCase();
    if (key === "z") this.stepBack();
    else if (key === "y") this.stepForward();
    else if (key === "d") this.fillDown();
    else if (key === "home") this.go([0, 0], event.shiftKey);
    else if (key === "end") this.go([this.rows.length - 1, 9999], event.shiftKey);
    else return;
    event.preventDefault();
  }

  private onEditKey(event: KeyboardEvent): void {
    if (event.key === "Escape") this.endEdit(false);
    else if (event.key === "Enter") {
      this.endEdit(true);
      this.go([this.at[0] + (event.shiftKey ? -1 : 1), this.at[1]]);
    } else if (event.key === "Tab") {
      this.endEdit(true);
      if (!this.next(event.shiftKey ? -1 : 1)) return;
    } else return;
    event.preventDefault();
  }

  private beginEdit(start?: string): void {
    const cell = this.cell(this.at);
    if (this.input || !this.isOpen(cell)) return;
    const input = document.createElement("input");
    input.inputMode = cell.hasAttribute("data-text") ? "text" : "decimal";
    input.setAttribute("aria-label", cell.dataset.label ?? "");
    input.value = start ?? edit(cell.dataset.value ?? "");
    input.addEventListener("blur", () => this.endEdit(true, false));
    this.shown(cell).hidden = true;
    cell.append(input);
    this.input = input;
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  private endEdit(keep: boolean, focus = true): void {
    const input = this.input;
    if (!input) return;
    this.input = null;
    const cell = input.parentElement as HTMLTableCellElement;
    const typed = input.value;
    input.remove();
    this.shown(cell).hidden = false;
    if (focus) cell.focus();
    if (keep) this.type([[cell, typed]]);
  }

  private shown(cell: HTMLTableCellElement): HTMLElement {
    return cell.querySelector("[data-shown]") as HTMLElement;
  }

  /** Take typed texts, one undo step; what cannot be read keeps its text with a mark. */
  private type(typed: [HTMLTableCellElement, string][]): number {
    const changes: Change[] = [];
    let bad = 0;
    for (const [cell, text] of typed) {
      const before = cell.dataset.value ?? "";
      const found = cell.hasAttribute("data-text")
        ? { kind: "ok" as const, text: text.normalize("NFC").trim() }
        : read(text);
      if (found.kind === "invalid") {
        bad++;
        this.shown(cell).textContent = text;
        this.mark(cell, "invalid", `Không đọc được “${text}”; viết như 1.234,5`);
      } else if (found.text !== before || cell.dataset.is === "invalid") {
        changes.push({ cell, before, after: found.text });
        this.put(cell, found.text);
        if (found.kind === "ambiguous")
          this.mark(cell, "ambiguous", `“${text}” được hiểu là ${show(found.text)}`);
      }
    }
    this.remember(changes);
    return bad;
  }

  private change(cells: HTMLTableCellElement[], value: (cell: HTMLTableCellElement) => string): void {
    const changes = cells
      .map((cell) => ({ cell, before: cell.dataset.value ?? "", after: value(cell) }))
      .filter((one) => one.before !== one.after);
    for (const one of changes) this.put(one.cell, one.after);
    this.remember(changes);
  }

  private remember(changes: Change[]): void {
    if (changes.length === 0) return;
    this.done.push(changes);
    this.undone = [];
    this.soon();
  }

  private put(cell: HTMLTableCellElement, text: string): void {
    cell.dataset.value = text;
    this.shown(cell).textContent = cell.hasAttribute("data-text") ? text : show(text);
    this.waiting[cell.dataset.cell ?? ""] = text;
    this.mark(cell, "local");
    this.keep();
  }

  private stepBack(): void {
    const step = this.done.pop();
    if (!step) return;
    for (const one of step) this.put(one.cell, one.before);
    this.undone.push(step);
    this.soon();
  }

  private stepForward(): void {
    const step = this.undone.pop();
    if (!step) return;
    for (const one of step) this.put(one.cell, one.after);
    this.done.push(step);
    this.soon();
  }

  private fillDown(): void {
    const range = this.range();
    const top = range[0] ?? [];
    const below = range.slice(1).flatMap((line) =>
      line.map((cell, index) => [cell, top[index]?.dataset.value ?? ""] as const),
    );
    const values = new Map(below.filter(([cell]) => this.isOpen(cell)));
    this.change([...values.keys()], (cell) => values.get(cell) ?? "");
  }

  private onCopy(event: ClipboardEvent, cut = false): void {
    if (this.input || !(event.target as Element).closest?.("td[data-cell]")) return;
    event.preventDefault();
    const range = this.range();
    const table = range.map((line) => line.map((cell) => edit(cell.dataset.value ?? "")));
    event.clipboardData?.setData("text/plain", writeTable(table));
    if (cut) this.change(range.flat().filter((cell) => this.isOpen(cell)), () => "");
  }

  private onPaste(event: ClipboardEvent): void {
    if (this.input || (event.target as Element).closest?.("[data-note]")) return;
    const table = readTable(event.clipboardData?.getData("text/plain") ?? "");
    if (table.length === 0) return;
    event.preventDefault();
    const typed: [HTMLTableCellElement, string][] = [];
    let skipped = 0;
    table.forEach((line, down) =>
      line.forEach((text, across) => {
        const cell = this.cell([this.at[0] + down, this.at[1] + across]);
        if (this.isOpen(cell)) typed.push([cell, text]);
        else skipped++;
      }),
    );
    const bad = this.type(typed);
    const parts = [`Đã dán ${typed.length - bad} ô`];
    if (skipped) parts.push(`bỏ qua ${skipped} ô không nhập được`);
    if (bad) parts.push(`${bad} ô không đọc được`);
    this.say(parts.join("; "));
  }

  private onNote(event: Event): void {
    const input = (event.target as Element).closest<HTMLInputElement>("[data-note]");
    if (!input) return;
    this.notes[input.dataset.note ?? ""] = input.value;
    this.soon();
  }

  private soon(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.save(), PAUSE);
  }

  private async save(): Promise<void> {
    if (this.busy || (!Object.keys(this.waiting).length && !Object.keys(this.notes).length)) return;
    this.busy = true;
    const [cells, notes] = [this.waiting, this.notes];
    [this.waiting, this.notes] = [{}, {}];
    this.markAll(Object.keys(cells), "saving");
    this.say(SAYS.saving ?? "");
    try {
      const answer = await fetch(`/bao-cao/${this.dataset.report}/so-lieu`, {
        method: "PATCH",
        redirect: "manual",
        headers: {
          "Content-Type": "application/json",
          "If-Match": this.dataset.etag ?? "",
          "X-Form-Token": this.dataset.token ?? "",
        },
        body: JSON.stringify({ cells, notes }),
      });
      if (answer.ok) this.saved(await answer.json(), answer.headers.get("ETag"), Object.keys(cells));
      else if (answer.status === 422) this.refused(cells, notes, (await answer.json()).errors ?? []);
      else this.back(cells, notes, answer.status === 412 ? "stale" : answer.type === "opaqueredirect" ? "signedOut" : "local");
    } catch {
      this.back(cells, notes, "local");
    } finally {
      this.busy = false;
      if (Object.keys(this.waiting).length && this.timer === 0) this.soon();
    }
  }

  /** A step taken on the page waits until everything typed is saved: it is about these figures. */
  private saveBefore(event: Event, form: HTMLFormElement): void {
    this.endEdit(true, false);
    if (!this.busy && !Object.keys(this.waiting).length && !Object.keys(this.notes).length) return;
    event.preventDefault();
    this.addEventListener("saved", () => form.requestSubmit(), { once: true });
    this.save();
  }

  private saved(body: Saved, etag: string | null, cells: string[]): void {
    this.dataset.etag = etag ?? "";
    const values = { ...body.cells, ...body.derived };
    for (const cell of this.rows.flat()) {
      const key = cell.dataset.cell ?? "";
      if (key in this.waiting || cell.dataset.is === "invalid" || this.input?.parentElement === cell) continue;
      const text = values[key] ?? "";
      cell.dataset.value = text;
      this.shown(cell).textContent = cell.hasAttribute("data-text") ? text : show(text);
    }
    this.markAll(cells, "saved");
    this.showFindings(body);
    const version = document.getElementById("phien-ban");
    if (version) version.textContent = String(body.version);
    for (const field of document.querySelectorAll<HTMLInputElement>("[data-version]")) field.value = String(body.version);
    const status = document.querySelector("#trang-thai .govuk-tag");
    if (status) {
      status.textContent = body.status_text;
      status.className = `govuk-tag govuk-tag--${body.status_colour}`;
    }
    this.say(SAYS.saved ?? "");
    this.keep();
    this.timer = 0;
    if (Object.keys(this.waiting).length) this.soon();
    this.dispatchEvent(new CustomEvent("saved", { bubbles: true }));
  }

  private refused(cells: Values, notes: Values, places: Place[]): void {
    const wrong = new Map(places.map((one) => [decode(one.pointer), one.detail]));
    for (const [key, text] of Object.entries(cells)) {
      const cell = this.querySelector<HTMLTableCellElement>(`td[data-cell="${CSS.escape(key)}"]`);
      const why = wrong.get(key);
      if (cell && why) this.mark(cell, "invalid", why);
      else if (!(key in this.waiting)) this.waiting[key] = text;
    }
    this.notes = { ...notes, ...this.notes };
    this.say(`${wrong.size} ô không được nhận; các ô khác sẽ được lưu`);
    this.keep();
    this.timer = 0;
    if (Object.keys(this.waiting).length) this.soon();
  }

  private back(cells: Values, notes: Values, why: string): void {
    this.waiting = { ...cells, ...this.waiting };
    this.notes = { ...notes, ...this.notes };
    this.markAll(Object.keys(cells), why === "local" ? "local" : "failed");
    this.say(SAYS[why] ?? "");
    this.keep();
    window.clearTimeout(this.timer);
    this.timer = why === "stale" ? 0 : window.setTimeout(() => this.save(), RETRY);
  }

  private showFindings(body: Saved): void {
    const list = this.querySelector("[data-findings]");
    if (!list || list.contains(document.activeElement)) return;
    list.replaceChildren(
      ...body.findings.map((one) => {
        const item = document.createElement("li");
        item.dataset.severity = one.severity;
        const strong = document.createElement("strong");
        strong.textContent = one.severity === "BLOCKING" ? "Phải sửa" : "Cảnh báo";
        item.append(strong, ` · hàng ${one.row}: ${one.message} (${show(one.left)} / ${show(one.right)})`);
        if (one.severity === "WARNING") item.append(this.noteField(one, body.notes));
        return item;
      }),
    );
    if (!body.findings.length) {
      const item = document.createElement("li");
      item.textContent = "Không có quy tắc nào bị vi phạm.";
      list.append(item);
    }
  }

  private noteField(one: Finding, notes: Values): HTMLElement {
    const label = document.createElement("label");
    label.className = "hub-note";
    const input = document.createElement("input");
    input.className = "govuk-input";
    input.dataset.note = `${one.rule}:${one.row}`;
    input.value = notes[input.dataset.note] ?? "";
    label.append("Giải trình ", input);
    return label;
  }

  private markAll(keys: string[], state: string): void {
    for (const key of keys) {
      const cell = this.querySelector<HTMLTableCellElement>(`td[data-cell="${CSS.escape(key)}"]`);
      if (cell && !(state === "saved" && cell.dataset.is === "ambiguous")) this.mark(cell, state);
    }
  }

  private mark(cell: HTMLTableCellElement, state: string, why = ""): void {
    cell.dataset.is = state;
    cell.dataset.mark = MARKS[state] ?? "";
    cell.title = why;
    if (state === "invalid") cell.setAttribute("aria-invalid", "true");
    else cell.removeAttribute("aria-invalid");
    if (why) this.say(`${cell.dataset.label}: ${why}`);
  }

  private say(text: string): void {
    const state = this.querySelector("[data-state]");
    if (state) state.textContent = text;
  }

  private keep(): void {
    if (Object.keys(this.waiting).length) localStorage.setItem(this.kept, JSON.stringify(this.waiting));
    else localStorage.removeItem(this.kept);
  }

  /** Bring back what was typed and not saved when the tab closed or the session ended. */
  private restore(): void {
    const text = localStorage.getItem(this.kept);
    if (!text) return;
    for (const [key, value] of Object.entries(JSON.parse(text) as Values)) {
      const cell = this.querySelector<HTMLTableCellElement>(`td[data-cell="${CSS.escape(key)}"]`);
      if (cell && this.isOpen(cell) && cell.dataset.value !== value) this.put(cell, value);
    }
    if (Object.keys(this.waiting).length) this.soon();
    else this.hadArrived();
  }

  /** The hub has all that was kept here: only its answer was lost, or somebody typed the same. */
  private hadArrived(): void {
    this.keep();
    this.say(SAYS.saved ?? "");
  }
}

function decode(pointer: string): string {
  return pointer.replace(/^\/cells\//, "").replaceAll("~1", "/").replaceAll("~0", "~");
}

customElements.define("bc-grid", Grid);
